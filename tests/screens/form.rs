//! The form over a target, and the question before one is removed.

use super::fixtures;
use super::support::Screen;
use rdpwatch::config::edit::FIELDS;
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::form::{Form, Wrong};
use rdpwatch::ui::state::{Access, Mend, Unsaved};

fn form() -> Form {
    let said = ["office-pc", "office-pc.corp.lab"];
    let mut texts: Vec<String> = said.iter().map(|text| (*text).to_owned()).collect();
    texts.resize(FIELDS.len(), String::new());
    Form::new("office-pc", &FIELDS, texts)
}

#[test]
fn the_form_is_filled_in_line_by_line_and_stays_until_it_is_taken() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    let office = TargetId(3);
    assert_eq!(screen.press("c"), [Effect::EditTarget(office)]);
    screen.dashboard.open_form(form());
    screen.press("Down Tab BackTab Tab");
    screen.type_text("3390");
    let effects = screen.press("Enter");
    let [Effect::ChangeTarget { name, texts }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), texts[2].as_str()), ("office-pc", "3390"));
    let wrong = |field, words: &str| Wrong { field: Some(field), words: words.to_owned() };
    screen.press("Down Down Down");
    screen.dashboard.answer_form(vec![
        wrong(2, "port: 0 is too small, expected 1 to 65535"),
        wrong(7, "kind: unknown value \"foo\""),
    ]);
    let text = screen.text();
    assert!(text.contains("port: 0 is too small") && text.contains("unknown value"), "{text}");
    assert!(text.contains("\u{25b8}\u{25b2}port"), "the first that is wrong is in front\n{text}");
    assert!(text.contains(" \u{25b2}kind"), "{text}");
    screen.type_text("9");
    let text = screen.text();
    assert!(!text.contains("too small"), "another entry\n{text}");
    assert!(text.contains("unknown value"), "still wrong\n{text}");
    screen.dashboard.answer_form(Vec::new());
    assert!(screen.dashboard.state().overlay.is_none());
    screen.press("D");
    assert!(screen.text().contains("Remove office-pc?"));
    assert_eq!(screen.press("y"), [Effect::RemoveTarget(office)]);
    let options = Options { access: Access::ReadOnly, ..Options::default() };
    let mut screen = Screen::with(fixtures::mixed(), 80, 24, options);
    assert_eq!(screen.press("c D Delete"), []);
    assert!(screen.text().contains("read-only: the configuration is not changed"));
}

#[test]
fn a_question_names_its_keys_and_swallows_no_other_key_silently() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    let unsaved = Unsaved {
        names: ["pc-1", "pc-2", "pc-3"][..2].iter().map(ToString::to_string).collect(),
        is_new: false,
        file: "/etc/rdpwatch.toml".to_owned(),
    };
    screen.dashboard.ask_to_save(unsaved);
    assert!(screen.text().contains("y yes, save  n no"), "{}", screen.text());
    assert_eq!(screen.press("s"), []);
    let text = screen.text();
    assert!(text.contains("this question takes y yes, save  n no"), "{text}");
    assert_eq!(screen.press("y"), [Effect::SaveTargets]);
}

#[test]
fn forms() {
    for (width, height) in [(80, 24), (40, 12)] {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        screen.dashboard.open_form(form());
        screen.press("Down Down Down");
        insta::assert_snapshot!(format!("form_{width}x{height}"), screen.picture());
        screen.press("Esc D");
        insta::assert_snapshot!(format!("remove_{width}x{height}"), screen.picture());
    }
}

#[test]
fn every_text_field_says_when_it_is_full() {
    let full = "a field takes 256 characters and no more";
    for keys in ["/", ":", "A", "E", "a", "m", "?"] {
        let mut screen = Screen::new(fixtures::mixed(), 120, 40);
        screen.press(keys);
        if keys == "?" {
            screen.press("/");
        }
        screen.type_text(&"x".repeat(300));
        let message = screen.dashboard.state().message.clone();
        let text = message.map(|message| message.line.plain()).unwrap_or_default();
        assert_eq!(text, full, "{keys}");
    }
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    screen.dashboard.open_form(form());
    screen.type_text(&"x".repeat(300));
    let message = screen.dashboard.state().message.clone();
    assert_eq!(message.map(|message| message.line.plain()).as_deref(), Some(full));
}

#[test]
fn a_new_host_is_filled_in_on_a_form_of_its_own() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    screen.press("A");
    screen.type_text("new-pc:3390");
    assert!(screen.text().contains("Tab form"), "{}", screen.text());
    assert_eq!(screen.press("Tab"), [Effect::AskForNewTarget("new-pc:3390".to_owned())]);
    let texts = ["", "new-pc", "3390", "", "", "", "", "", ""].map(str::to_owned).to_vec();
    screen.dashboard.open_form(Form { is_new: true, ..Form::new("", &FIELDS, texts.clone()) });
    assert!(screen.text().contains("a new host"), "{}", screen.text());
    assert_eq!(screen.press("Enter"), [Effect::NewTarget(texts)]);
}

#[test]
fn below_a_box_stands_no_hint_of_what_lies_under_it() {
    let options = Options { teach: true, ..Options::default() };
    for teach in [true, false] {
        let options = Options { teach, ..options.clone() };
        let mut screen = Screen::with(fixtures::mixed(), 80, 24, options);
        let last = |screen: &Screen| screen.text().lines().nth(23).unwrap_or_default().to_owned();
        let hint = if teach { "try Enter why and what to do" } else { "Enter why" };
        assert!(last(&screen).contains(hint), "{}", screen.text());
        screen.dashboard.open_form(form());
        assert_eq!(last(&screen), "", "{}", screen.text());
        screen.press("Esc D");
        assert_eq!(last(&screen), "", "{}", screen.text());
        screen.press("n");
        assert!(last(&screen).contains(hint), "{}", screen.text());
    }
}

#[test]
fn why_a_line_was_refused_goes_as_soon_as_another_is_typed() {
    let mut screen = Screen::new(fixtures::mixed(), 40, 12);
    let why = "target \"x#02\": \"02\" is not a MAC address";
    screen.dashboard.ask_again("x#02", why, fixtures::NOW);
    assert!(screen.text().contains("is not a MAC"), "{}", screen.text());
    screen.type_text(":");
    assert!(!screen.text().contains("is not a MAC"), "{}", screen.text());
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    let line = |line, text: &str| Mend {
        line,
        text: text.to_owned(),
        heads: None,
        why: format!("{why} in {line}"),
    };
    screen.dashboard.ask_to_mend(vec![line(3, "x#02"), line(5, "y#02")]);
    assert!(screen.text().contains("MAC address in 3"), "{}", screen.text());
    screen.type_text(":");
    let text = screen.text();
    assert!(!text.contains("address in 3") && text.contains("line 3 was not taken"), "{text}");
    assert!(text.contains("y#02"), "the others keep theirs: {text}");
}
