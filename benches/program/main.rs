//! Measures the release program from outside and prints one table:
//!
//! ```text
//! cargo bench --bench program                      # everything but the build, about four minutes
//! cargo bench --bench program -- start thousand    # only these parts
//! cargo bench --bench program -- build             # a clean release build, minutes of CPU
//! ```
//!
//! The machine is shared and noisy: times are CPU time wherever that is what counts, and a peer is
//! measured in the same run where there is one. Echo runs against 127.0.0.0/8, connections against
//! a scripted host that this process starts. What a part needs and does not find (root, fping,
//! `blackbox_exporter`) it names, and leaves out.

#[cfg(target_os = "linux")]
mod diagnosis;
#[cfg(target_os = "linux")]
mod echo;
#[cfg(target_os = "linux")]
mod pty;
#[cfg(target_os = "linux")]
mod rungs;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
mod size;
#[cfg(target_os = "linux")]
mod start;
mod table;
#[cfg(target_os = "linux")]
mod thousand;
#[cfg(target_os = "linux")]
mod usage;
#[cfg(target_os = "linux")]
mod wire;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    type Part = fn() -> anyhow::Result<Vec<table::Row>>;
    const PARTS: [(&str, Part); 8] = [
        ("start", start::measure),
        ("screen", screen::measure),
        ("thousand", thousand::measure),
        ("ten-thousand", thousand::measure_ten),
        ("echo", echo::measure),
        ("rungs", rungs::measure),
        ("diagnosis", diagnosis::measure),
        ("size", size::measure),
    ];
    // cargo adds `--bench`.
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [role, peer, targets] = asked.as_slice()
        && role == echo::ROLE
    {
        return echo::play(peer, targets);
    }
    let mut rows = Vec::new();
    for (name, measure) in PARTS {
        if asked.is_empty() || asked.iter().any(|part| part == name) {
            table::say(&format!("measuring: {name}"))?;
            rows.extend(measure()?);
        }
    }
    if asked.iter().any(|part| part == "build") {
        table::say("measuring: build")?;
        rows.extend(size::build()?);
    }
    table::print(&rows)
}

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    table::say("measured on Linux only: CPU time and memory are read from /proc")?;
    table::print(&[])
}
