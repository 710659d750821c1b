//! `import`: what other programs' files hold, as a difference to the configuration file.

use super::{FAILED, Failure, no_place, tell, written};
use crate::cli::{ImportArgs, USAGE};
use crate::config::import::{self, Found, MAX_BYTES, Plan};
use crate::config::{
    self, ConfigError, GlobalOptions, Place, process_environment, read_bounded, read_config_file,
};
use std::path::{Path, PathBuf};

/// Mistakes that are told at most.
const TOLD: usize = 20;

/// Shows what would be added, and adds it when told so.
pub(super) fn import(options: &GlobalOptions, arguments: &ImportArgs) -> Result<u8, Failure> {
    let invalid = |error: ConfigError| Failure::new(USAGE, error);
    let path =
        config::config_file(options, &process_environment).ok_or_else(|| invalid(no_place()))?;
    let before = present(options, &path).map_err(invalid)?;
    let sources = read_all(&arguments.files)?;
    let plan = import::plan(&path, before.as_deref(), &sources)
        .map_err(|error| Failure::new(FAILED, error))?;
    let refused = !plan.wrong.is_empty() && !arguments.skip_wrong;
    if refused && arguments.write {
        return Err(Failure::new(FAILED, mistakes(&plan)));
    }
    if plan.added > 0 && arguments.write {
        config::replace(&plan.path, plan.before.as_deref(), &plan.after)
            .map_err(|error| Failure::new(FAILED, error))?;
    }
    let done = written(plan.difference().as_bytes())?;
    if refused {
        tell(&mistakes(&plan));
        return Ok(FAILED);
    }
    tell(&summary(&plan, arguments.write));
    Ok(done)
}

/// The text of the configuration file; `None` where there is none yet, even one that is named.
fn present(options: &GlobalOptions, path: &Path) -> Result<Option<String>, ConfigError> {
    if !path.exists() {
        return Ok(None);
    }
    Ok(read_config_file(options, &process_environment)?.map(|(_, text)| text))
}

fn read_all(files: &[PathBuf]) -> Result<Vec<(PathBuf, Found)>, Failure> {
    let mut sources = Vec::new();
    for path in files {
        sources.push((path.clone(), read_file(path).map_err(|e| Failure::new(FAILED, e))?));
    }
    Ok(sources)
}

/// Reads a file of any form that can be imported.
pub(super) fn read_file(path: &Path) -> Result<Found, ConfigError> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = read_bounded(path, limit).map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::FileTooLarge => import::too_large(),
            _ => format!("cannot be read: {error}"),
        };
        ConfigError::new(Place::File(path.to_owned()), message)
    })?;
    import::read(path, &bytes)
}

/// All mistakes, one in a line, and what can be done with the rest.
fn mistakes(plan: &Plan) -> String {
    let wrong = &plan.wrong;
    let mut lines: Vec<String> = wrong.iter().take(TOLD).map(ToString::to_string).collect();
    if wrong.len() > TOLD {
        lines.push(format!("and {} more mistakes", wrong.len() - TOLD));
    }
    lines.push(format!(
        "{}; nothing was written: mend the file, or leave that out with --skip-wrong",
        plan.words()
    ));
    lines.join("\n")
}

fn summary(plan: &Plan, write: bool) -> String {
    let words = plan.words();
    let path = plan.path.display();
    match (plan.added, write) {
        (0, _) => format!("{words}; nothing was written"),
        (_, false) => format!("{words}; nothing was written: --write does that"),
        (added, true) => {
            let s = if added == 1 { "" } else { "s" };
            format!("{added} host{s} added to {path}")
        }
    }
}
