//! What holds for every file that is imported, whatever bytes it has: shared by the unit tests
//! and the fuzz targets.

use super::{MAX_BYTES, plan, read};
use crate::config::Config;
use crate::domain::target::DEFAULT_PORT;
use std::path::{Path, PathBuf};

/// Names of files, one for each way that a file is recognised by its name.
const NAMES: [&str; 5] = ["a.rdp", "a.rdg", "hosts", "a.csv", "list.txt"];

/// [`read`] and [`plan()`] under every name.
///
/// # Panics
/// When a promise is broken.
pub fn import(bytes: &[u8]) {
    let (config, own) = (Path::new("config.toml"), "# mine\ndeep = true");
    for name in NAMES {
        let source = PathBuf::from(name);
        let Ok(found) = read(&source, bytes) else { continue };
        assert!(bytes.len() <= MAX_BYTES, "larger than promised");
        // A host takes at least a byte and a separator.
        assert!(found.entries.len() <= bytes.len().div_ceil(2), "hosts out of nothing");
        let lines = bytes.split(|byte| *byte == b'\n').count();
        assert!(found.entries.iter().all(|entry| (1..=lines).contains(&entry.line)), "no line");
        let sources = [(source, found)];
        let Ok(planned) = plan(config, Some(own), &sources) else { continue };
        let read: usize = sources.iter().map(|(_, found)| found.wrong.len()).sum();
        assert!(planned.wrong.len() >= read, "wrong entries pass");
        let clashes = planned.wrong.len() - read;
        assert!(planned.after.starts_with(own), "the file is not kept");
        let entries = sources.iter().flat_map(|(_, found)| &found.entries);
        let entries: Vec<_> = entries.collect();
        let taken = planned.added + planned.known.len() + clashes;
        assert_eq!(taken, entries.len(), "hosts get lost");
        let again = Config::from_text(config, &planned.after);
        let targets = again.map(|config| config.targets).unwrap_or_default();
        assert_eq!(targets.len(), planned.added, "it does not read back");
        for target in &targets {
            let same = entries.iter().any(|entry| {
                entry.host == target.host
                    && entry.port.unwrap_or(DEFAULT_PORT) == target.port
                    && entry.mac == target.mac
                    && entry.expect == target.expect
                    && entry.gateway == target.gateway
                    && entry.group.as_ref().map(|group| group.to_lowercase())
                        == target.group.as_ref().map(|group| group.to_lowercase())
            });
            assert!(same, "{target:?} was not in the file");
        }
        let twice = plan(config, Some(&planned.after), &sources);
        let twice = twice.map(|plan| (plan.added, plan.after == planned.after));
        assert_eq!(twice, Ok((0, true)), "the second time adds something");
        let shown = planned.difference();
        assert!(!shown.contains(['\u{1b}', '\r']), "unsafe to show");
    }
}
