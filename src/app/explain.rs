//! `explain`: what a code means, and with a target, what of it holds there.

use super::check::check_and_weigh;
use super::{DONE, FAILED, Failure, load, real_edge, remembered, runtime, written};
use crate::cli::{Cli, ExplainArgs, Format};
use crate::config::process_environment;
use crate::domain::rules::RULES;
use crate::domain::text::printable;
use crate::report::explain::{AtTarget, Question, explain, explain_json, is_code};
use std::sync::atomic::AtomicUsize;

/// Echo probes of one ladder.
const ECHOES: u32 = 10;

/// Explains, after a climb of the ladder where a target is named. Returns 0 when what was asked is
/// known, else 1.
pub(super) fn explain_code(cli: &Cli, arguments: &ExplainArgs) -> Result<u8, Failure> {
    let usage = cli.command.usage_code();
    let format =
        arguments.format(&process_environment).map_err(|error| Failure::new(usage, error))?;
    let (extended, target) = parts(arguments, |word| is_configured(cli, word));
    let measured = target.map(|target| measure(cli, target)).transpose()?;
    let at = measured.as_ref().map(|(snapshot, weighed)| AtTarget { snapshot, weighed });
    let question = Question { code: &arguments.code, extended, rules: RULES, target: at };
    let explanation = match format {
        Format::Text => explain(&question),
        Format::Json => explain_json(&question),
    };
    written(explanation.text.as_bytes())?;
    Ok(if explanation.known { DONE } else { FAILED })
}

/// The extended code and the target. What stands in the place of the extended code and is no code
/// is the target; so is a name such as `dc1`, which might be hexadecimal, where it `is_configured`.
fn parts(
    arguments: &ExplainArgs,
    is_configured: impl Fn(&str) -> bool,
) -> (Option<&str>, Option<&str>) {
    let is_name = |word: &str| {
        !is_code(word)
            || (word.starts_with(|c: char| c.is_ascii_alphabetic()) && is_configured(word))
    };
    match (arguments.extended.as_deref(), arguments.target.as_deref()) {
        (Some(word), None) if is_name(word) => (None, Some(word)),
        both => both,
    }
}

/// Whether a target of the configuration has this name.
fn is_configured(cli: &Cli, word: &str) -> bool {
    let is_it = |name: &String| name.eq_ignore_ascii_case(word);
    load(cli, &[]).is_ok_and(|config| {
        config.targets.iter().any(|target| is_it(&target.name) || target.aliases.iter().any(is_it))
    })
}

type Measured = (crate::domain::snapshot::TargetSnapshot, Vec<crate::domain::diagnose::Weighed>);

/// Climbs the ladder of one target.
fn measure(cli: &Cli, target: &str) -> Result<Measured, Failure> {
    let usage = cli.command.usage_code();
    let config = load(cli, &[target.to_owned()]).map_err(|error| Failure::new(usage, error))?;
    if config.targets.len() != 1 {
        let message = format!(
            "{} is {} targets: explain takes one, check takes them all",
            printable(target),
            config.targets.len()
        );
        return Err(Failure::new(usage, message));
    }
    let runtime = runtime()?;
    let (_, mut targets) = runtime.block_on(async {
        let edge = real_edge(&config)?;
        Ok::<_, Failure>(
            check_and_weigh(&config, edge, ECHOES, &remembered(), &AtomicUsize::new(0)).await,
        )
    })?;
    targets.pop().ok_or_else(|| Failure::new(FAILED, "nothing was measured"))
}
