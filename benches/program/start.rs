//! How soon there is something to see.

use crate::pty::{Terminal, Watched};
use crate::table::{Row, largest, median};
use crate::usage::threads_cpu;

const RUNS: usize = 21;

/// From before the fork to the end of the first frame, with one target and with a thousand, and
/// of the demonstration.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let thousand: Vec<String> = crate::wire::addresses(1_000).map(|ip| ip.to_string()).collect();
    let cases: [(&str, Vec<String>); 4] = [
        ("one target", vec!["127.0.0.1".to_owned()]),
        ("no target", Vec::new()),
        ("1 000 targets", thousand),
        ("demo", vec!["demo".to_owned()]),
    ];
    let mut rows = Vec::new();
    for (name, arguments) in cases {
        let (mut ms, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let mut watched = Watched::start(Terminal(120, 40), &arguments)?;
            ms.push(watched.first_frame()?.as_secs_f64() * 1e3);
            cpu.push(threads_cpu(watched.pid)?.as_secs_f64() * 1e3);
        }
        let value = format!(
            "{:.1} (worst {:.1}; CPU {:.1})",
            median(ms.clone()),
            largest(&ms),
            median(cpu)
        );
        let what = format!("first frame, {name}, ms after the start of the process");
        rows.push(Row::new(what, value).target("20"));
    }
    Ok(rows)
}
