//! CPU of the echo engine per probe, beside fping: everyone sends one echo a second to each of a
//! thousand addresses of 127.0.0.0/8.

use crate::table::{Row, median, say};
use crate::usage::{children_cpu, own_cpu};
use crate::wire::addresses;
use anyhow::{Context, ensure};
use rdpwatch::domain::sample::{EchoOutcome, Observation, Sample};
use rdpwatch::domain::target::TargetId;
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::echo::{EchoEngine, EchoRequest, Paced, Surge};
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::sync::mpsc;

const TARGETS: u32 = 1_000;
const ROUNDS: u32 = 8;
const RUNS: usize = 3;
const DEADLINE: Duration = Duration::from_secs(2);

/// Medians of interleaved runs.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let (mut own, mut paced, mut burst) = (Vec::new(), Vec::new(), Vec::new());
    let mut lost = 0;
    for _ in 0..RUNS {
        let (cpu, losses) = engine()?;
        own.push(cpu);
        lost += losses;
        paced.extend(fping("1")?);
        burst.extend(fping("0")?);
    }
    let ms = |runs: Vec<f64>| {
        if runs.is_empty() { "no fping".to_owned() } else { format!("{:.1}", median(runs)) }
    };
    let peer = format!("fping paced {}, in one burst {}", ms(paced), ms(burst));
    Ok(vec![
        Row::new("echo engine, CPU ms per 1 000 probes at 1 000 targets", ms(own))
            .target("0.4 x paced fping")
            .peer(peer),
        Row::new("echo engine, answers missing", lost.to_string()).target("0"),
    ])
}

/// CPU milliseconds per thousand probes, and how many were not answered.
fn engine() -> anyhow::Result<(f64, usize)> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let engine = Paced::start(Surge::open(), Clock::start());
        let (out, mut samples) = mpsc::channel::<Sample>(8_192);
        let before = own_cpu()?;
        let counting = tokio::spawn(async move {
            let mut missing = 0;
            while let Some(sample) = samples.recv().await {
                let Observation::Echo(echo) = sample.observation else { continue };
                missing += usize::from(!matches!(echo.outcome, EchoOutcome::Reply { .. }));
            }
            missing
        });
        let mut beat = tokio::time::interval(Duration::from_millis(1));
        for seq in 0..ROUNDS {
            for (id, address) in (0..).zip(addresses(TARGETS)) {
                beat.tick().await;
                let request = EchoRequest {
                    target: TargetId(id),
                    seq: u64::from(seq),
                    address: IpAddr::V4(address),
                    scope: 0,
                    deadline: DEADLINE,
                };
                engine.send(request, out.clone());
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let cpu = own_cpu()?.saturating_sub(before);
        drop((engine, out));
        let missing = tokio::time::timeout(DEADLINE * 4, counting)
            .await
            .context("the engine does not end")??;
        Ok((cpu.as_secs_f64() * 1e3 / f64::from(ROUNDS), missing))
    })
}

/// CPU milliseconds per thousand probes of fping, `spacing` milliseconds apart; `None` without it.
fn fping(spacing: &str) -> anyhow::Result<Option<f64>> {
    let rounds = ROUNDS.to_string();
    let before = children_cpu()?;
    let status = Command::new("fping")
        .args(["-q", "-p", "1000", "-i", spacing, "-C", &rounds])
        .args(addresses(TARGETS).map(|ip| ip.to_string()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Err(error) => {
            say(&format!("fping: {error}"))?;
            Ok(None)
        }
        Ok(status) => {
            ensure!(status.success(), "fping failed");
            let cpu = children_cpu()?.saturating_sub(before);
            Ok(Some(cpu.as_secs_f64() * 1e3 / f64::from(ROUNDS)))
        }
    }
}
