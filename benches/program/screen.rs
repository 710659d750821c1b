//! What the screen costs: bytes to the terminal and CPU, idle and busy.

use crate::pty::{Span, Terminal, Watched};
use crate::table::{Row, say};
use crate::usage::resident_mib;
use crate::wire::Healthy;
use std::ffi::OsStr;
use std::time::Duration;

const SETTLE: Duration = Duration::from_secs(5);
const SPAN: Duration = Duration::from_secs(15);

/// One quiet target, running and paused; fifty targets at 200x60; the demonstration.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let healthy = Healthy::start()?;
    let mut rows = Vec::new();
    let mut one = Watched::start(Terminal(120, 40), &healthy.targets(1))?;
    one.first_frame()?;
    one.observe(SETTLE)?;
    rows.extend(costs("1 quiet target", one.observe(SPAN)?, "", ""));
    rows.push(Row::new("1 target, RSS MiB", format!("{:.1}", resident_mib(one.pid)?)));
    one.press(" ", "paused", true)?;
    one.observe(Duration::from_secs(1))?;
    rows.extend(costs("1 quiet target, paused", one.observe(SPAN)?, "0", ""));
    drop(one);

    let peers = peers()?;
    let mut fifty = Watched::start(Terminal(200, 60), &healthy.targets(50))?;
    fifty.first_frame()?;
    fifty.observe(SETTLE)?;
    let running = fifty.observe(SPAN)?;
    let [bytes, cpu] = costs("50 targets, 200x60", running, "6144", "");
    rows.extend([bytes.peer(peers.bytes), cpu.peer(peers.cpu)]);
    rows.push(Row::new("50 targets, RSS MiB", format!("{:.1}", resident_mib(fifty.pid)?)));
    fifty.press(" ", "paused", true)?;
    fifty.observe(Duration::from_secs(1))?;
    let paused = fifty.observe(SPAN)?;
    rows.extend(costs("50 targets, paused", paused, "0", ""));
    let screen = running.cpu_pct() - paused.cpu_pct();
    rows.push(
        Row::new("the difference: the screen, CPU % of a core", format!("{screen:.2}")).target("1"),
    );
    drop(fifty);

    let mut demo = Watched::start(Terminal(200, 60), &["demo".to_owned()])?;
    demo.first_frame()?;
    demo.observe(SETTLE)?;
    rows.extend(costs("demo, 200x60", demo.observe(SPAN)?, "", ""));
    Ok(rows)
}

/// What other programs of the terminal cost at 200x60, where they are installed.
struct Peers {
    bytes: String,
    cpu: String,
}

/// One host at loopback each, and the machine itself for the last, as they are set up by default.
const PEERS: [(&str, &[&str]); 3] =
    [("gping", &["127.0.0.1"]), ("trip", &["127.0.0.1"]), ("btm", &[])];

fn peers() -> anyhow::Result<Peers> {
    let (mut bytes, mut cpu) = (Vec::new(), Vec::new());
    for (name, arguments) in PEERS {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let started = Watched::start_other(Terminal(200, 60), OsStr::new(name), &arguments);
        let Ok(mut peer) = started else {
            say(&format!("{name} is not installed"))?;
            continue;
        };
        let observed = peer.observe(SETTLE).and_then(|_| peer.observe(SPAN));
        let span = match observed {
            Ok(span) => span,
            Err(error) => {
                say(&format!("{name}: {error}"))?;
                continue;
            }
        };
        bytes.push(format!("{name} {:.0}", span.bytes_per_s()));
        cpu.push(format!("{name} {:.2}", span.cpu_pct()));
    }
    Ok(Peers { bytes: bytes.join(", "), cpu: cpu.join(", ") })
}

fn costs(name: &str, span: Span, bytes: &str, cpu: &str) -> [Row; 2] {
    [
        Row::new(
            format!("{name}, bytes/s to the terminal (frames/s)"),
            format!("{:.0} ({:.1})", span.bytes_per_s(), span.frames_per_s()),
        )
        .target(bytes),
        Row::new(format!("{name}, CPU % of a core"), format!("{:.2}", span.cpu_pct())).target(cpu),
    ]
}
