//! Every mistake of a configuration file, not only the first.
//!
//! A file is read until its first mistake. So what is wrong is taken out of it, and it is read
//! again, until nothing is left to say.

use super::error::ConfigError;
use super::file::{self, parse_leniently, read_table};
use super::value::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeArray, DeValue};

/// So many are told of one file.
const MOST: usize = 64;

/// Every mistake of a file, in the order of the text; as many as are told of one file. Empty when
/// it can be used. What only follows from another mistake is not told.
pub(super) fn mistakes(path: &Path, text: &str) -> Vec<ConfigError> {
    let (table, mut faults) = parse_leniently(text);
    let mut document = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    // Of what is no TOML, keys are not understood: what they say together would be guesswork.
    let is_toml = faults.is_empty();
    // The tables that something was taken out of.
    let mut bereft: Vec<Range<usize>> = Vec::new();
    // What was taken out whole: whoever names it makes no mistake of their own.
    let mut gone: BTreeSet<String> = BTreeSet::new();
    while is_toml && faults.len() < MOST {
        let Err(fault) = read_table(&document) else { break };
        let before = named(&document);
        let Some(of) = take_out(&mut document, &fault.at) else {
            faults.push(fault);
            break;
        };
        gone.extend(before.difference(&named(&document)).cloned());
        // What is missing from a table may be what was wrong in it.
        if !bereft.contains(&fault.at)
            && !strangers(&fault).is_some_and(|name| gone.contains(&name))
        {
            faults.push(fault);
        }
        bereft.push(of);
    }
    faults.sort_by_key(|fault| fault.at.start);
    let faults = told_once(faults);
    faults.into_iter().map(|fault| file::locate(path, text, fault)).collect()
}

/// What a fault says there is none of: a group or a target, in small letters.
fn strangers(fault: &Fault) -> Option<String> {
    let rest = ["unknown group \"", "unknown target \""]
        .iter()
        .find_map(|begin| fault.message.strip_prefix(begin))?;
    rest.split_once('"').map(|(name, _)| name.to_lowercase())
}

/// Who names the same stranger makes the same mistake, which is told at the first, with how many.
fn told_once(faults: Vec<Fault>) -> Vec<Fault> {
    let mut told: Vec<Fault> = Vec::new();
    let mut more: BTreeMap<String, usize> = BTreeMap::new();
    for fault in faults {
        let again = strangers(&fault).is_some()
            && told.iter().any(|other| other.message == fault.message && other.key == fault.key);
        if again {
            *more.entry(fault.message).or_default() += 1;
        } else {
            told.push(fault);
        }
    }
    for fault in &mut told {
        if let Some(count) = more.get(&fault.message).filter(|_| strangers(fault).is_some()) {
            let s = if *count == 1 { " says" } else { "s say" };
            let _infallible = write!(fault.message, " ({count} more line{s} the same)");
        }
    }
    told
}

/// The groups and targets that a document has, in small letters.
fn named(document: &Spanned<DeValue<'_>>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let DeValue::Table(top) = document.get_ref() else { return names };
    if let Some(DeValue::Table(groups)) = top.get("group").map(Spanned::get_ref) {
        names.extend(groups.keys().map(|name| name.get_ref().to_lowercase()));
    }
    if let Some(DeValue::Array(targets)) = top.get("target").map(Spanned::get_ref) {
        for target in targets {
            let DeValue::Table(target) = target.get_ref() else { continue };
            let said = ["name", "host"].iter().filter_map(|key| target.get(*key));
            names.extend(said.filter_map(|name| Some(name.get_ref().as_str()?.to_lowercase())));
        }
    }
    names
}

/// Takes the smallest entry out that holds a place, a key with its value or one of a list of
/// tables, and says where the table or the list is that it was in. `None` where there is none.
fn take_out(value: &mut Spanned<DeValue<'_>>, at: &Range<usize>) -> Option<Range<usize>> {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => {
            let holds = |(key, value): &(&Spanned<_>, &mut Spanned<DeValue<'_>>)| {
                is_within(&union(key.span(), reach(value)), at)
            };
            let (key, inner) = table.iter_mut().find(holds)?;
            let inner = (!is_within(&key.span(), at)).then(|| take_out(inner, at)).flatten();
            let name = key.get_ref().to_string();
            Some(inner.unwrap_or_else(|| {
                table.remove(name.as_str());
                own
            }))
        }
        DeValue::Array(array) => {
            let held =
                |index: &usize| array.get(*index).is_some_and(|item| is_within(&reach(item), at));
            let index = (0..array.len()).find(held)?;
            let inner = array.get_mut(index).and_then(|item| take_out(item, at));
            Some(inner.unwrap_or_else(|| {
                let items = std::mem::replace(array, DeArray::new()).into_iter().zip(0..);
                let others = items.filter(|(_, number)| *number != index);
                others.for_each(|(item, _)| array.push(item));
                own
            }))
        }
        _ => None,
    }
}

/// From the first to the last of a value, with all it holds: the place of a table is its head.
fn reach(value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let own = value.span();
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().fold(own, |all, (key, value)| union(union(all, key.span()), reach(value)))
        }
        DeValue::Array(array) => array.iter().fold(own, |all, item| union(all, reach(item))),
        _ => own,
    }
}

fn union(a: Range<usize>, b: Range<usize>) -> Range<usize> {
    a.start.min(b.start)..a.end.max(b.end)
}

fn is_within(whole: &Range<usize>, at: &Range<usize>) -> bool {
    whole.start <= at.start && at.start < whole.end.max(whole.start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        mistakes(Path::new("c.toml"), text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_without_a_mistake_has_none() {
        assert_eq!(of(""), [""; 0]);
        assert_eq!(of("family = 'any'\n[[target]]\nhost = 'a'\n"), [""; 0]);
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_the_nearest_word() {
        let found = of("famly = 'any'\n\
             [ui]\n\
             fps = 900\n\
             color = 'alwys'\n\
             [[target]]\n\
             host = 'a'\n\
             kind = 'pcc'\n\
             [target.wake]\n\
             policy = 'ask me'\n\
             [[target]]\n\
             name = 'no host'\n\
             [[target]]\n\
             host = 'b'\n\
             port = 0\n\
             group = 'nowhere'\n\
             [[sink]]\n\
             type = 'webhok'\n\
             [thresholds.packet-lss]\n\
             warning_pct = 5.0\n");
        let starts = [
            "c.toml:1:1: unknown key \"famly\", did you mean \"family\"?",
            "c.toml:3:7: ui.fps: 900 is out of range",
            "c.toml:4:9: ui.color: unknown value \"alwys\", did you mean \"always\"?",
            "c.toml:7:8: target.kind: unknown value \"pcc\", did you mean \"pc\"?",
            "c.toml:9:10: target.wake.policy: unknown value \"ask me\"",
            "c.toml:10:1: target: the key \"host\" is missing",
            "c.toml:14:8: target.port: 0 is out of range",
            "c.toml:15:9: target.group: unknown group \"nowhere\"",
            "c.toml:17:8: sink.type: unknown value \"webhok\", did you mean \"webhook\"?",
            "c.toml:18:13: thresholds: unknown rule with thresholds \"packet-lss\"",
        ];
        assert_eq!(found.len(), starts.len(), "{found:#?}");
        for (told, start) in found.iter().zip(starts) {
            assert!(told.starts_with(start), "{told}\n{start}");
        }
    }

    #[test]
    fn what_follows_from_a_mistake_is_told_once_and_others_all_the_same() {
        let member = |host: &str| format!("[[target]]\nhost = '{host}'\ngroup = 'office'\n");
        let members: String = ["a", "b", "c"].map(member).concat();
        let found = of(&format!("[group.ofice]\n{members}[[target]]\nhost = 'd'\nport = 0\n"));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert_eq!(
            found[0],
            "c.toml:4:9: target.group: unknown group \"office\", did you mean \"ofice\"? (2 more lines say the same)"
        );
        assert!(found[1].starts_with("c.toml:13:8: target.port"), "{}", found[1]);
        // A window names a target that cannot be read.
        let window = "[[maintenance]]\ntargets = ['x']\nat = ['Sun 02:00']\nlasts = '1h'\n";
        let found = of(&format!("[[target]]\nname = 'x'\n{window}"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("the key \"host\" is missing"), "{}", found[0]);
        let strange = window.replace("'x'", "'y'");
        assert_eq!(of(&format!("[[target]]\nname = 'x'\n{strange}")).len(), 2);
    }

    #[test]
    fn the_first_is_the_one_that_is_told_without_the_others() {
        for text in ["famly = 1\n[ui]\nfps = 900\n", "x = \n y = \n", "[[target]]\nport = 3\n"] {
            let first = super::super::Config::from_text(Path::new("c.toml"), text).unwrap_err();
            assert!(of(text).contains(&first.to_string()), "{first} {:?}", of(text));
        }
    }

    #[test]
    fn they_are_bounded_and_any_text_has_an_end() {
        let many = (0..500).fold(String::new(), |text, n| text + &format!("k{n} = 1\n"));
        assert_eq!(of(&many).len(), MOST);
        for text in ["[", "[[target]]\n[[target]]\n", "a.b.c = 1\n[a]\nd = 1\n", "target = 3\n"] {
            assert!(!of(text).is_empty(), "{text}");
        }
    }
}
