//! TARGET arguments to targets: files, names and groups of the configuration, else hosts.

use super::error::{ConfigError, Place};
use super::rdp_file::RdpFile;
use super::target_spec::{TargetSpec, is_file, refuse_file_lookalikes};
use super::{Config, MAX_TARGETS, ReadRdp};
use crate::domain::mac::{MacAddr, MacError};
use crate::domain::target::{Target, TargetId};
use crate::domain::text::excerpt;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What an argument of `wake` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeItem {
    /// A hardware address alone.
    Mac(MacAddr),
    /// A TARGET argument.
    Target(String),
}

/// Tells hardware addresses from TARGETs: a strict MAC wins.
///
/// # Errors
/// A well-formed MAC that no single interface can own.
pub fn wake_items(arguments: &[String]) -> Result<Vec<WakeItem>, ConfigError> {
    let item = |text: &String| match text.parse::<MacAddr>() {
        Ok(mac) => Ok(WakeItem::Mac(mac)),
        Err(MacError::Form(_)) => Ok(WakeItem::Target(text.clone())),
        Err(error) => Err(wrong(text, error)),
    };
    arguments.iter().map(item).collect()
}

fn wrong(text: &str, error: impl fmt::Display) -> ConfigError {
    ConfigError::new(Place::Target(text.to_owned()), error)
}

/// A target, and whether its name may be changed to tell it from another.
struct Chosen {
    target: Target,
    named: bool,
}

/// The targets that `arguments` name, in their order, each once; all of the file's without any.
pub(super) fn select(
    config: &Config,
    arguments: &[String],
    read_rdp: ReadRdp<'_>,
) -> Result<Vec<Target>, ConfigError> {
    if arguments.is_empty() {
        return Ok(config.targets.clone());
    }
    let mut selected = Selected::default();
    for argument in arguments {
        for chosen in choose(config, argument, read_rdp)? {
            selected.add(chosen).map_err(|message| wrong(argument, message))?;
        }
    }
    let mut targets = selected.targets;
    for (index, target) in targets.iter_mut().enumerate() {
        target.id = TargetId(u32::try_from(index).unwrap_or(u32::MAX));
    }
    Ok(targets)
}

/// What one argument names.
fn choose(
    config: &Config,
    argument: &str,
    read_rdp: ReadRdp<'_>,
) -> Result<Vec<Chosen>, ConfigError> {
    refuse_file_lookalikes(argument).map_err(|error| wrong(argument, error))?;
    if is_file(argument) {
        let spec = from_rdp_file(Path::new(argument), read_rdp)?;
        return Ok(vec![made(config, &spec, false)]);
    }
    let wanted = argument.to_lowercase();
    let known = |target: &Target| Chosen { target: target.clone(), named: true };
    if let Some(target) = config.targets.iter().find(|t| t.name.to_lowercase() == wanted) {
        return Ok(vec![known(target)]);
    }
    if config.groups.iter().any(|group| group.to_lowercase() == wanted) {
        let members: Vec<Chosen> = config.members(argument).map(known).collect();
        if members.is_empty() {
            return Err(wrong(argument, "the group has no members, expected a [[target]] with it"));
        }
        return Ok(members);
    }
    let spec: TargetSpec = argument.parse().map_err(|error| wrong(argument, error))?;
    Ok(vec![made(config, &spec, spec.name.is_some())])
}

/// A target that only the command line knows, with the configuration's numbers.
fn made(config: &Config, spec: &TargetSpec, named: bool) -> Chosen {
    let settings = config.settings.clone();
    let target = Target {
        thresholds: settings.thresholds,
        cadence: settings.cadence,
        alert: settings.alert,
        deadlines: settings.deadlines,
        ..spec.to_target(TargetId::default())
    };
    Chosen { target, named }
}

fn from_rdp_file(path: &Path, read_rdp: ReadRdp<'_>) -> Result<TargetSpec, ConfigError> {
    let failed = |message: String| ConfigError::new(Place::File(path.to_owned()), message);
    let bytes = read_rdp(path).map_err(|error| {
        failed(format!("cannot be read as a Remote Desktop connection file: {error}"))
    })?;
    RdpFile::parse(&bytes)
        .and_then(|file| file.target(path))
        .map_err(|error| failed(error.to_string()))
}

/// The targets chosen so far.
#[derive(Default)]
struct Selected {
    targets: Vec<Target>,
    /// Their places by name in lower case.
    names: BTreeMap<String, usize>,
}

impl Selected {
    /// Adds a target unless it is there already; two that differ never share a name.
    fn add(&mut self, chosen: Chosen) -> Result<(), String> {
        let Chosen { mut target, named } = chosen;
        let mut key = target.name.to_lowercase();
        if let Some(place) = self.names.get(&key) {
            let same = self.targets.get(*place).is_some_and(|other| {
                Target { id: other.id, name: other.name.clone(), ..target.clone() } == *other
            });
            if same {
                return Ok(());
            }
            let distinct = format!("{}:{}", target.name, target.port);
            key = distinct.to_lowercase();
            if named || self.names.contains_key(&key) {
                let shown = excerpt(&target.name, 60);
                return Err(format!(
                    "another target is called \"{shown}\", expected a name of its own as in name=host"
                ));
            }
            target.name = distinct;
        }
        if self.targets.len() == MAX_TARGETS {
            return Err(format!("there are more than {MAX_TARGETS} targets"));
        }
        self.names.insert(key, self.targets.len());
        self.targets.push(target);
        Ok(())
    }
}
