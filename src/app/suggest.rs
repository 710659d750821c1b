//! What could be watched, for a start without a target: the gateway and `.rdp` files nearby.

use crate::config::{RdpFile, process_environment, read_rdp_file};
use crate::domain::local::LocalState;
use crate::ui::state::Suggestion;
use std::path::{Path, PathBuf};

/// Suggestions at most.
const LIMIT: usize = 9;
/// Entries of one folder that are looked at.
const ENTRIES: usize = 2_000;

/// Hosts of the `.rdp` files in this folder and in the usual folders below home, and the default
/// gateway.
pub(super) fn suggestions(local: &LocalState) -> Vec<Suggestion> {
    let mut folders = vec![PathBuf::from(".")];
    let home = process_environment("HOME").or_else(|| process_environment("USERPROFILE"));
    if let Some(home) = home.map(PathBuf::from) {
        folders.extend(["", "Desktop", "Documents", "Downloads"].map(|name| home.join(name)));
    }
    let mut found: Vec<Suggestion> = Vec::new();
    for path in folders.iter().flat_map(|folder| rdp_files(folder)) {
        let Some(suggestion) = suggestion(&path) else { continue };
        if !found.iter().any(|known| known.spec == suggestion.spec) {
            found.push(suggestion);
        }
        if found.len() >= LIMIT {
            break;
        }
    }
    found.extend(local.gateway.map(|gateway| Suggestion {
        label: format!("{gateway} (the default gateway of this machine)"),
        spec: format!("gateway={gateway}"),
    }));
    found
}

fn rdp_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .take(ENTRIES)
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("rdp")))
        .collect();
    files.sort();
    files
}

fn suggestion(path: &Path) -> Option<Suggestion> {
    let bytes = read_rdp_file(path).ok()?;
    let target = RdpFile::parse(&bytes).ok()?.target(path).ok()?;
    let spec = path.to_str()?;
    let host = &target.host;
    Some(Suggestion { label: format!("{host} ({})", path.display()), spec: spec.to_owned() })
}
