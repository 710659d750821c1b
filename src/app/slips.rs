//! Slips of the pen that would pass for something else: a mistyped command for a host, a mistyped
//! variable for none of ours.

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::domain::text::excerpt;
use clap::CommandFactory as _;

/// Why the first TARGET of a command line without a command is one that was mistyped: a single
/// slip away from a command, and nothing that the configuration knows, which is asked for only then.
pub(super) fn mistyped_command(
    cli: &Cli,
    config: impl FnOnce() -> Option<Config>,
) -> Option<String> {
    let Command::Watch(targets) = &cli.command else { return None };
    let word = targets.targets.first().filter(|_| targets.implied)?;
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let definition = Cli::command();
    let mut commands = definition.get_subcommands().map(clap::Command::get_name);
    let near = commands
        .find(|name| name.len() >= 4 && strsim::osa_distance(&word.to_lowercase(), name) == 1)?;
    let known = config().is_some_and(|config| {
        let named = |name: &String| name.eq_ignore_ascii_case(word);
        let targets = config.targets.iter().map(|target| &target.name);
        config.groups.iter().chain(targets).any(named)
    });
    if known {
        return None;
    }
    let word = excerpt(word, 40);
    Some(format!(
        "\"{word}\" is no command, did you mean {near}? A host of that name: rdpwatch watch {word}"
    ))
}

/// What is said about variables that are near to one of ours and none.
pub(super) fn mistyped_variables(set: impl Iterator<Item = String>) -> Vec<String> {
    let known = std::cell::OnceCell::new();
    set.filter(|name| name.starts_with("RDPWATCH_"))
        .filter_map(|name| {
            let ours: &Vec<String> = known.get_or_init(ours);
            if ours.contains(&name) {
                return None;
            }
            let near = ours
                .iter()
                .map(|own| (strsim::osa_distance(&name, own), own))
                .filter(|(distance, _)| *distance <= 2)
                .min()?;
            let shown = excerpt(&name, 60);
            Some(format!("the variable {shown} is not known, did you mean {}?", near.1))
        })
        .take(8)
        .collect()
}

/// Every option of every command as a variable.
fn ours() -> Vec<String> {
    let definition = Cli::command();
    let commands = std::iter::once(&definition).chain(definition.get_subcommands());
    let options = commands.flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_long);
    let mut names: Vec<String> =
        options.map(|long| format!("RDPWATCH_{}", long.to_uppercase().replace('-', "_"))).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn slip(line: &[&str], config: Option<&Config>) -> Option<String> {
        let words = std::iter::once("rdpwatch").chain(line.iter().copied());
        let cli = Cli::read(words.map(Into::into)).expect("it reads");
        mistyped_command(&cli, || config.cloned())
    }

    #[test]
    fn a_slip_away_from_a_command_is_no_host() {
        let said = "\"chekc\" is no command, did you mean check? A host of that name: rdpwatch watch chekc";
        assert_eq!(slip(&["chekc"], None).as_deref(), Some(said));
        for (line, near) in [(&["improt", "a"][..], "import"), (&["-4", "dokctor"], "doctor")] {
            assert!(slip(line, None).is_some_and(|said| said.contains(near)), "{line:?}");
        }
        for line in [
            &["watch", "chekc"][..],
            &["check", "chekc"],
            &["office-pc"],
            &["chekc.corp.lab"],
            &["check1"],
            &["men"],
            &["office", "chekc"],
            &[],
        ] {
            assert_eq!(slip(line, None), None, "{line:?}");
        }
        let text = "[group.wakee]\n[[target]]\nname='chekc'\nhost='10.0.0.1'\n";
        let config = Config::from_text(Path::new("c.toml"), text).expect("it reads");
        assert_eq!(slip(&["chekc"], Some(&config)), None);
        assert_eq!(slip(&["wakee"], Some(&config)), None);
        assert!(slip(&["marks"], Some(&config)).is_some());
    }

    #[test]
    fn a_mistyped_variable_is_told_and_a_foreign_one_is_not() {
        let told = |name: &str| mistyped_variables(std::iter::once(name.to_owned()));
        let said = "the variable RDPWATCH_TIMEOUTT is not known, did you mean RDPWATCH_TIMEOUT?";
        assert_eq!(told("RDPWATCH_TIMEOUTT"), [said]);
        assert_eq!(told("RDPWATCH_NOICMP").len(), 1);
        for none in [
            "RDPWATCH_TIMEOUT",
            "RDPWATCH_COUNT",
            "RDPWATCH_HOOK_URL",
            "PATH",
            "RDPWATCH_ALERT_TARGET",
        ] {
            assert!(told(none).is_empty(), "{none}");
        }
    }
}
