//! What lies over the screen: help, explanations, questions, text fields.

use super::footer::text_field;
use super::{copying, explain, form, help, maintenance, review, save, transcript};
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use crate::domain::wake::Reach;
use crate::ui::action::Action;
use crate::ui::alert_list;
use crate::ui::copying::shared_ticket;
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, wrap};
use crate::ui::state::{
    AlertKey, Mend, Overlay, Question, SharedText, Size, SnoozeChoice, SnoozeMenu, UiState,
};
use crate::ui::theme::Role;
use crate::ui::view_model::{Panel, ViewLine};
use crate::ui::world::World;

/// Widest text that reads well.
const TEXT: u16 = 96;

/// The panel of the overlay, if it has one.
#[must_use]
pub fn build(world: &World<'_>, state: &UiState) -> Option<Panel> {
    let size = state.size;
    if size.width < 3 || size.height < 3 {
        return None;
    }
    let mut panel = of(world, state)?;
    if panel.y + panel.height >= size.height
        && let Some(message) = state.message.as_ref().filter(|message| world.now < message.until)
    {
        // It hides the line that answers keys.
        panel.hint = message.line.clone();
    }
    Some(panel)
}

fn of(world: &World<'_>, state: &UiState) -> Option<Panel> {
    match state.overlay.as_ref()? {
        Overlay::Filter(..) | Overlay::Command(_) | Overlay::Page(_) => None,
        Overlay::Export(field) => Some(export(world, state, field)),
        Overlay::Form(asked) => Some(form::panel(world, state, asked)),
        Overlay::Copy(asked) => Some(copying::panel(world, state, asked)),
        Overlay::Help(first) => Some(text(world, state, "keys", *first)),
        Overlay::Explain(target, _, first) => {
            let title = format!("{}: why, and every remedy", world.name(*target));
            Some(text(world, state, &title, *first))
        }
        Overlay::Ticket(target, first) => {
            let title = format!("{}: text for a ticket", world.name(Some(*target)));
            Some(text(world, state, &title, *first))
        }
        Overlay::Shared(cause, what, first) => {
            let many = alert_list::sharing(world, *cause).len();
            let title = match what {
                SharedText::Why => format!("{many} hosts: why, and every remedy"),
                SharedText::Ticket => format!("{many} hosts: text for one ticket"),
            };
            Some(text(world, state, &title, *first))
        }
        Overlay::Transcript(target, first) => {
            let title = format!("{}: what was said and heard", world.name(Some(*target)));
            Some(text(world, state, &title, *first))
        }
        Overlay::Confirm(question) => Some(confirm(world, state, question)),
        Overlay::Snooze(menu) => Some(snooze(world, state, menu)),
        Overlay::Review(chosen) => Some(review::panel(world, state, *chosen)),
        Overlay::Maintenance(asked) => Some(maintenance::panel(world, state, asked)),
        Overlay::Acknowledge(alerts, field) => Some(acknowledge(world, state, alerts, field)),
        Overlay::AddTarget(field, _) if !state.mend.is_empty() => {
            Some(mend(world, state, field, &state.mend))
        }
        Overlay::AddTarget(field, chosen) => Some(add_target(world, state, field, *chosen)),
    }
}

/// Cells and lines inside the panel of a text.
pub(super) fn text_room(size: Size) -> (u16, u16) {
    let margin = if size.width >= 60 { 4 } else { 0 };
    let width = size.width.saturating_sub(margin).min(TEXT + 4).saturating_sub(4);
    let margin = if size.height >= 20 { 2 } else { 0 };
    (width, size.height.saturating_sub(margin + 2))
}

/// The whole text of a text overlay, as long as it is; `None` for other overlays.
#[must_use]
pub fn document(world: &World<'_>, state: &UiState) -> Option<Vec<Line>> {
    let width = usize::from(text_room(state.size).0);
    match state.overlay.as_ref()? {
        Overlay::Help(_) => {
            let lines = help::document(world.keymap, width);
            Some(help::matching(lines, state.search.text.value()))
        }
        Overlay::Explain(target, index, _) => {
            Some(explain::document(world, state, *target, *index, width))
        }
        Overlay::Ticket(target, _) => {
            let text = world.target(*target).map_or_else(
                || "This target was removed.".to_owned(),
                |target| world.ticket(target, &state.zone),
            );
            Some(wrapped(&text, width))
        }
        Overlay::Shared(cause, what, _) => Some(match what {
            SharedText::Why => explain::of_many(world, state, *cause, width),
            SharedText::Ticket => {
                let text = shared_ticket(world, state, *cause);
                wrapped(text.as_deref().unwrap_or(explain::SHARED_NO_MORE), width)
            }
        }),
        Overlay::Transcript(target, _) => {
            let told = world.target(*target).map_or(&[][..], |target| &target.transcripts);
            Some(transcript::document(world, state, told, width))
        }
        _ => None,
    }
}

/// A text in lines of at most `width` cells.
fn wrapped(text: &str, width: usize) -> Vec<Line> {
    let lines = text.lines().flat_map(|line| wrap(line, width));
    lines.map(|line| Line::of(Role::Text, &line).cut(width)).collect()
}

/// The last line that may be the first on the screen.
#[must_use]
pub fn last_first(world: &World<'_>, state: &UiState) -> usize {
    let lines = document(world, state).map_or(0, |lines| lines.len());
    lines.saturating_sub(page(state.size))
}

/// Lines of text on the screen at a time.
#[must_use]
pub fn page(size: Size) -> usize {
    usize::from(text_room(size).1).max(1)
}

fn text(world: &World<'_>, state: &UiState, title: &str, first: usize) -> Panel {
    let (width, height) = text_room(state.size);
    let lines = document(world, state).unwrap_or_default();
    let height = height.min(u16::try_from(lines.len()).unwrap_or(u16::MAX)).max(1);
    let first = first.min(lines.len().saturating_sub(usize::from(height)));
    let below = lines.len().saturating_sub(first + usize::from(height));
    let mut hint = match &state.overlay {
        Some(Overlay::Help(_)) => help::hint(world, &state.search),
        Some(Overlay::Explain(..)) => keys(
            world,
            Layer::Text,
            &[(Action::Back, "close"), (Action::Copy, "copy"), (Action::CopyCommand, "a command")],
        ),
        _ => keys(
            world,
            Layer::Text,
            &[(Action::Back, "close"), (Action::Copy, "copy"), (Action::PlainPage, "plain")],
        ),
    };
    if below > 0 {
        hint = hint.text(Role::Dim, &format!("  \u{2193} {below} more"));
    }
    let shown = lines.into_iter().skip(first).take(usize::from(height)).map(ViewLine::from);
    centred(state.size, width, title, hint, shown.collect())
}

pub(super) fn keys(world: &World<'_>, layer: Layer, wanted: &[(Action, &str)]) -> Line {
    let mut line = Line::new();
    for (action, words) in wanted {
        let key = super::footer::key_name(world, layer, *action);
        if !key.is_empty() {
            let gap = if line.0.is_empty() { "" } else { "  " };
            line = line
                .text(Role::Dim, gap)
                .text(Role::Key, &key)
                .text(Role::Dim, &format!(" {words}"));
        }
    }
    line
}

pub(super) fn centred(
    size: Size,
    width: u16,
    title: &str,
    hint: Line,
    lines: Vec<ViewLine>,
) -> Panel {
    let width = (width + 4).min(size.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(size.height);
    Panel {
        x: (size.width - width) / 2,
        y: (size.height - height) / 2,
        width,
        height,
        title: title.to_owned(),
        hint,
        lines,
    }
}

fn confirm(world: &World<'_>, state: &UiState, question: &Question) -> Panel {
    let hint = save::answers(world, question);
    let width = text_room(state.size).0.min(60);
    let targets = match question {
        Question::WakeMany(targets) => targets,
        Question::Remove(id) => return form::removal(world, state, *id),
        Question::Save(unsaved) => return save::panel(world, state, unsaved),
    };
    let many = if targets.len() == 1 { "PC" } else { "PCs" };
    let question = format!("Wake {} sleeping {many}?", targets.len());
    let mut lines: Vec<Line> = vec![Line::of(Role::Strong, &question)];
    let room = usize::from(state.size.height).saturating_sub(6).min(8);
    // A name takes a cell and two to the next.
    let most = room * usize::from(width) / 3 + 1;
    let names: Vec<&str> = targets.iter().take(most).map(|id| world.name(Some(*id))).collect();
    let mut listed = wrap(&names.join(", "), usize::from(width));
    if listed.len() > room {
        listed.truncate(room);
        listed.push("\u{2026}".to_owned());
    }
    lines.extend(listed.iter().map(|line| Line::of(Role::Text, line)));
    if let Some(words) = doubts(world, targets) {
        let doubts = wrap(&words, usize::from(width));
        lines.extend(doubts.iter().map(|line| Line::of(Role::StateWarning, line)));
    }
    let title = if targets.len() == 1 { "wake" } else { "wake all" };
    centred(state.size, width, title, hint, lines.into_iter().map(ViewLine::from).collect())
}

/// What is to be known before magic packets are sent to hosts that are not on a network of this
/// machine; `None` when all are.
fn doubts(world: &World<'_>, targets: &[TargetId]) -> Option<String> {
    let reach = |target: &&TargetSnapshot| {
        let reach = target.wake_reach(&world.snapshot.monitor.local);
        reach.filter(|reach| !reach.is_direct())
    };
    let asked = targets.iter().filter_map(|id| world.target(*id));
    let far: Vec<Reach> = asked.filter_map(|target| reach(&target)).collect();
    Some(match far.as_slice() {
        [] => return None,
        [one] if targets.len() == 1 => one.words().into_owned(),
        [first, ..] => format!("{} of them: {}", far.len(), first.words()),
    })
}

/// Which alerts a question is about, in up to two lines.
fn which(world: &World<'_>, alerts: &[AlertKey], width: u16) -> Vec<ViewLine> {
    let mut lines = wrap(&alert_list::named(world, alerts), usize::from(width));
    lines.truncate(2);
    lines.iter().map(|line| Line::of(Role::Strong, line).cut(usize::from(width)).into()).collect()
}

fn snooze(world: &World<'_>, state: &UiState, menu: &SnoozeMenu) -> Panel {
    let width = text_room(state.size).0.min(48);
    let mut lines = which(world, &menu.alerts, width);
    lines.extend(menu.choices.iter().enumerate().map(|(place, one)| {
        let text = match one {
            SnoozeChoice::For(length) => format!("{}  {}", length + 1, one.words()),
            _ => format!("   {}", one.words()),
        };
        choice(&text, place == menu.chosen)
    }));
    let many = match menu.alerts.len() {
        1 => "1 alert".to_owned(),
        many => format!("{many} alerts"),
    };
    let does = match menu.choices.get(menu.chosen) {
        Some(SnoozeChoice::End) => "end",
        Some(SnoozeChoice::Withdraw) => "withdraw",
        Some(SnoozeChoice::For(_)) | None => "snooze",
    };
    let hint = keys(world, Layer::Menu, &[(Action::Confirm, does), (Action::Back, "cancel")]);
    centred(state.size, width, &format!("snooze {many} for"), hint, lines)
}

fn acknowledge(
    world: &World<'_>,
    state: &UiState,
    alerts: &[AlertKey],
    field: &tui_input::Input,
) -> Panel {
    let width = text_room(state.size).0.min(60);
    let mut lines = which(world, alerts, width);
    lines.push(Line::of(Role::Dim, "> ").join(text_field(field)).into());
    let about = "a note for the others, if you like";
    lines.push(Line::of(Role::Dim, about).cut(usize::from(width)).into());
    let many = match alerts.len() {
        1 => "1 alert".to_owned(),
        many => format!("{many} alerts"),
    };
    let hint =
        keys(world, Layer::Input, &[(Action::Confirm, "acknowledge"), (Action::Back, "cancel")]);
    centred(state.size, width, &format!("acknowledge {many}"), hint, lines)
}

fn export(world: &World<'_>, state: &UiState, field: &tui_input::Input) -> Panel {
    let width = text_room(state.size).0.min(60);
    let about = "txt and html: the screen; csv and json: its targets";
    let lines = vec![
        Line::of(Role::Dim, "> ").join(text_field(field)).into(),
        Line::of(Role::Dim, about).cut(usize::from(width)).into(),
    ];
    let hint = keys(
        world,
        Layer::Input,
        &[(Action::Confirm, "write"), (Action::Complete, "other kind"), (Action::Back, "cancel")],
    );
    centred(state.size, width, "write the screen to a file", hint, lines)
}

pub(super) fn choice(text: &str, chosen: bool) -> ViewLine {
    let line = if chosen { Line::new().glyph(Role::Selection) } else { Line::of(Role::Text, " ") };
    ViewLine {
        line: line.text(Role::Text, &format!(" {text}")),
        base: chosen.then_some(Role::Selection),
    }
}

/// A line of what was pasted, in the field of a target, and those that follow.
fn mend(world: &World<'_>, state: &UiState, field: &tui_input::Input, of: &[Mend]) -> Panel {
    let width = text_room(state.size).0.min(72);
    let cells = usize::from(width);
    let mut lines: Vec<ViewLine> = vec![Line::of(Role::Dim, "> ").join(text_field(field)).into()];
    let [first, others @ ..] = of else {
        return centred(state.size, width, "watch a host", Line::new(), lines);
    };
    if let Some(heads) = &first.heads {
        lines.push(Line::of(Role::Dim, &format!("  {heads}")).cut(cells).into());
    }
    let mut why = wrap(&first.why, cells);
    why.truncate(3);
    lines.extend(why.iter().map(|line| Line::of(Role::StateWarning, line).into()));
    let room = usize::from(state.size.height).saturating_sub(lines.len() + 6).min(8);
    for mend in others.iter().take(room) {
        let line = Line::of(Role::Dim, &format!("line {:>3}  ", mend.line));
        let line = line.text(Role::Text, &mend.text).text(Role::Dim, &format!("  {}", mend.why));
        lines.push(line.cut(cells).into());
    }
    if others.len() > room {
        lines.push(Line::of(Role::Dim, &format!("and {} more", others.len() - room)).into());
    }
    let back = if others.is_empty() { "leave it out" } else { "leave out the rest" };
    let hint = keys(
        world,
        Layer::Input,
        &[(Action::Confirm, "watch; empty: leave it out"), (Action::Back, back)],
    );
    let title = match others.len() {
        0 => format!("line {} was not taken", first.line),
        more => format!("line {} was not taken, {more} more", first.line),
    };
    centred(state.size, width, &title, hint, lines)
}

fn add_target(
    world: &World<'_>,
    state: &UiState,
    field: &tui_input::Input,
    chosen: Option<usize>,
) -> Panel {
    let width = text_room(state.size).0.min(72);
    let mut lines: Vec<ViewLine> = vec![Line::of(Role::Dim, "> ").join(text_field(field)).into()];
    let form = "[name=]host[:port][@expected address][#MAC]";
    lines.push(Line::of(Role::Dim, form).cut(usize::from(width)).into());
    let many = "or a list or table, pasted: its column \"group\" makes groups";
    lines.push(Line::of(Role::Dim, many).cut(usize::from(width)).into());
    let room = usize::from(state.size.height).saturating_sub(9).min(10);
    if !state.suggestions.is_empty() && room > 0 {
        lines.push(ViewLine::default());
        lines.push(Line::of(Role::Heading, "FOUND").into());
        let top = chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(room));
        for (place, suggestion) in state.suggestions.iter().enumerate().skip(top).take(room) {
            lines.push(choice(&suggestion.label, Some(place) == chosen));
        }
    }
    let hint = keys(
        world,
        Layer::Input,
        &[
            (Action::Confirm, "watch"),
            (Action::Complete, "form"),
            (Action::Down, "choose"),
            (Action::Back, "leave it"),
        ],
    );
    let mut panel = centred(state.size, width, "watch a host", hint, lines);
    // Low enough to leave the explanation above it readable.
    panel.y = panel.y.max(state.size.height.saturating_sub(panel.height + 2).min(12));
    panel
}
