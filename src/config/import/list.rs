//! A TARGET in each line, as somebody pastes them; lines that begin with `#` are comments.

use super::{Entry, Hosts, MAX_TARGETS, Wrong};
use crate::config::target_spec::{TargetError, TargetSpec};

/// Reads the lines. One with white space is several TARGETs unless it has a name in front.
pub(super) fn read(text: &str) -> Result<Hosts, Wrong> {
    let mut hosts = Hosts::default();
    for (line, number) in text.lines().zip(1..) {
        let said = line.trim().trim_end_matches([',', ';']).trim_end();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        let column = line.chars().take_while(|c| c.is_whitespace()).count() + 1;
        match said.parse::<TargetSpec>() {
            Ok(spec) => hosts.entries.push(Entry::from((number, spec))),
            Err(_) if !said.contains('=') && said.contains(char::is_whitespace) => {
                several(&mut hosts, said, (number, column));
            }
            Err(error) => hosts.wrong.push(Wrong::new((number, column), error)),
        }
        if hosts.entries.len() + hosts.wrong.len() > MAX_TARGETS {
            let message = format!("it holds more than {MAX_TARGETS} hosts, expected fewer");
            return Err(Wrong::new((number, 1), message));
        }
    }
    Ok(hosts)
}

fn several(hosts: &mut Hosts, said: &str, at: (usize, usize)) {
    let words = said.split([' ', '\t', ';']).map(|word| word.trim_end_matches(','));
    let specs: Result<Vec<TargetSpec>, TargetError> =
        words.filter(|word| !word.is_empty()).map(str::parse).collect();
    match specs {
        Ok(specs) => hosts.entries.extend(specs.into_iter().map(|spec| Entry::from((at.0, spec)))),
        Err(error) => hosts.wrong.push(Wrong::new(at, error)),
    }
}
