//! Every mistake of a configuration file, not only the first.
//!
//! A file is read until its first mistake. So what is wrong is taken out of it, and it is read
//! again, until nothing is left to say.

use super::error::ConfigError;
use super::file::{self, parse_leniently, read_table};
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
    while is_toml && faults.len() < MOST {
        let Err(fault) = read_table(&document) else { break };
        let Some(of) = take_out(&mut document, &fault.at) else {
            faults.push(fault);
            break;
        };
        // What is missing from a table may be what was wrong in it.
        if !bereft.contains(&fault.at) {
            faults.push(fault);
        }
        bereft.push(of);
    }
    faults.sort_by_key(|fault| fault.at.start);
    faults.into_iter().map(|fault| file::locate(path, text, fault)).collect()
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
