//! `alert test`: tells every sink, or one, that nothing is wrong.

use super::{DONE, FAILED, Failure, print, runtime, signals};
use crate::config::Config;
use crate::domain::sink::{Notice, SinkKind, SinkSpec, secret_variables};
use crate::domain::text::{excerpt, printable};
use crate::probe::clock::Clock;
use crate::sink::deliver;

/// Tells each sink once and says what came of it. The exit code is 1 when one was not told.
pub(super) fn test(config: &Config, name: Option<&str>, usage: u8) -> Result<u8, Failure> {
    let wanted: Vec<&SinkSpec> = match name {
        None => config.sinks.iter().collect(),
        Some(name) => {
            config.sinks.iter().filter(|sink| sink.name.eq_ignore_ascii_case(name)).collect()
        }
    };
    if wanted.is_empty() {
        let names: Vec<_> = config.sinks.iter().map(|sink| printable(&sink.name)).collect();
        let message = match (name, names.is_empty()) {
            (_, true) => "there is no [[sink]] in the configuration".to_owned(),
            (name, false) => format!(
                "there is no sink \"{}\", expected one of {}",
                excerpt(name.unwrap_or_default(), 60),
                names.join(", ")
            ),
        };
        return Err(Failure::new(usage, message));
    }
    if config.read_only {
        return Err(Failure::new(FAILED, "nobody is told: --read-only is set"));
    }
    let notice = Notice::test(Clock::wall());
    let hidden = secret_variables(&config.sinks);
    let mut code = DONE;
    for sink in wanted {
        let word = if sink.kind == SinkKind::Bell {
            print(b"\x07").map(|()| "rung".to_owned()).map_err(|error| error.to_string())
        } else {
            let told = runtime()?.block_on(async {
                tokio::select! {
                    told = deliver(sink, &notice, &hidden) => Some(told),
                    // A hook has a process group of its own, and is ended here.
                    () = signals::ended() => None,
                }
            });
            let Some(told) = told else { return Err(Failure::new(FAILED, "interrupted")) };
            told.map(|()| "told".to_owned())
        };
        let word = word.unwrap_or_else(|error| {
            code = FAILED;
            format!("not told: {}", printable(&error))
        });
        let line = format!("{} ({}): {word}\n", printable(&sink.name), sink.kind.word());
        print(line.as_bytes()).map_err(|error| Failure::new(FAILED, error))?;
    }
    Ok(code)
}
