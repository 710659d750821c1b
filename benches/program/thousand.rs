//! A thousand targets, and ten thousand, at one echo a second: CPU, memory, punctuality, and the
//! screen meanwhile.

use crate::pty::{Terminal, Watched};
use crate::table::{Row, largest, median};
use crate::usage::resident_mib;
use crate::wire::{Healthy, Seen, addresses, listen};
use std::time::Duration;

const TARGETS: u32 = 1_000;
const TEN: u32 = 10_000;
/// First connections are spread over eleven seconds.
const SETTLE: Duration = Duration::from_secs(20);
const SPAN: Duration = Duration::from_secs(20);
/// The longest window of the screen is five minutes: statistics cost most when it is full.
const LATER: Duration = Duration::from_mins(1);
const KEYS: usize = 20;
/// On the screen while the help is open.
const HELP: &str = "pause the screen";

/// Healthy targets, then targets whose port is closed (a finding each).
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let healthy = Healthy::start()?;
    let mut rows = run("1 000 healthy", &healthy.targets(TARGETS), &SMALL)?;
    rows.push(Row::new("connections to them meanwhile", healthy.connections().to_string()));
    let closed: Vec<String> = addresses(TARGETS).map(|ip| format!("{ip}:9")).collect();
    rows.extend(run("1 000 with a closed port", &closed, &SMALL)?);
    Ok(rows)
}

/// Ten thousand healthy targets.
pub(crate) fn measure_ten() -> anyhow::Result<Vec<Row>> {
    let healthy = Healthy::start()?;
    let mut rows = run("10 000 healthy", &healthy.targets(TEN), &LARGE)?;
    rows.push(Row::new("connections to them meanwhile", healthy.connections().to_string()));
    Ok(rows)
}

/// What is wanted of so many targets; empty where nothing is.
struct Wanted {
    cpu_pct: &'static str,
    rss_mib: &'static str,
    key_ms: &'static str,
    echo: &'static str,
}

const SMALL: Wanted = Wanted { cpu_pct: "25", rss_mib: "10.4", key_ms: "", echo: "1, 1000" };
const LARGE: Wanted = Wanted { cpu_pct: "", rss_mib: "", key_ms: "20", echo: "1, 10000" };

fn run(name: &str, arguments: &[String], wanted: &Wanted) -> anyhow::Result<Vec<Row>> {
    let mut watched = Watched::start(Terminal(200, 60), arguments)?;
    watched.first_frame()?;
    watched.observe(SETTLE)?;
    let listening = std::thread::spawn(|| listen(SPAN));
    let early = watched.observe(SPAN)?;
    let seen = listening.join().map_err(|_| anyhow::anyhow!("the listener panicked"))?;
    watched.observe(LATER)?;
    let late = watched.observe(SPAN)?;
    let mut ms = Vec::new();
    for _ in 0..KEYS {
        ms.push(watched.press("?", HELP, true)?.as_secs_f64() * 1e3);
        watched.observe(Duration::from_millis(130))?;
        ms.push(watched.press("\x1b", HELP, false)?.as_secs_f64() * 1e3);
        watched.observe(Duration::from_millis(170))?;
    }
    let mut rows = vec![
        Row::new(
            format!("{name}, CPU % of a core: 20-40 s, then 100-120 s after the start"),
            format!("{:.1}, {:.1}", early.cpu_pct(), late.cpu_pct()),
        )
        .target(wanted.cpu_pct),
        Row::new(
            format!("{name}, bytes/s to the terminal (frames/s)"),
            format!("{:.0} ({:.1})", late.bytes_per_s(), late.frames_per_s()),
        ),
        Row::new(format!("{name}, RSS MiB"), format!("{:.1}", resident_mib(watched.pid)?))
            .target(wanted.rss_mib),
        Row::new(
            format!("{name}, key to frame, ms"),
            format!("{:.1} (worst {:.1})", median(ms.clone()), largest(&ms)),
        )
        .target(wanted.key_ms),
    ];
    match seen {
        Ok(seen) => rows.extend(punctuality(name, &seen, wanted.echo)),
        Err(error) => rows.push(Row::new(format!("{name}, echo seen"), format!("{error:#}"))),
    }
    Ok(rows)
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn punctuality(name: &str, seen: &Seen, wanted: &'static str) -> [Row; 2] {
    let seconds = SPAN.as_secs_f64();
    let rates = || seen.requests.values().map(|count| f64::from(*count) / seconds);
    let slowest = rates().fold(f64::MAX, f64::min);
    let fastest = rates().fold(0.0, f64::max);
    let rank = |share: f64| {
        let index = (seen.gaps.len() as f64 * share).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        seen.gaps.get(index as usize).copied().unwrap_or_default()
    };
    [
        Row::new(
            format!("{name}, echoes/s per target seen on the wire: least to most, targets"),
            format!("{slowest:.2} to {fastest:.2}, {}", seen.requests.len()),
        )
        .target(wanted),
        Row::new(
            format!("{name}, s between two echoes to a target: median, p99, worst"),
            format!("{:.3}, {:.3}, {:.3}", rank(0.5), rank(0.99), rank(0.999_999)),
        )
        .target("1"),
    ]
}
