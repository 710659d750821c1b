//! The echo engines beside fping, surge-ping as it is and a tight loop of system calls: everyone
//! sends one echo a second to each of so many addresses of 127.0.0.0/8. Each runs in a process of
//! its own, so that CPU time, memory and stalls are its own; the runs are interleaved.

use crate::table::{Row, median, say};
use crate::usage::{children_cpu, own_cpu, resident_mib};
use crate::wire::addresses;
use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdpwatch::domain::local::{EchoKind, EchoWish};
use rdpwatch::domain::sample::{EchoOutcome, Observation};
use rdpwatch::domain::target::TargetId;
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::echo::{EchoRequest, open, outbox};
use rdpwatch::proto::icmp_echo::{Icmp, Tag, encode_probe};
use socket2::{Domain, Protocol, Socket, Type};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Tells the benchmark to play an engine.
pub(crate) const ROLE: &str = "role-echo";

/// Targets, and how many runs of each: the median counts.
const SIZES: [(u32, usize); 3] = [(100, 3), (1_000, 3), (10_000, 3)];
const ROUNDS: u32 = 5;
/// Environment variable: how many seconds of requests a role sends, for a long look by hand.
const SECONDS: &str = "RDPWATCH_ECHO_SECONDS";
const DEADLINE: Duration = Duration::from_secs(2);
/// How long everything stops in a run with a stall.
const STALL: Duration = Duration::from_millis(200);
/// Round trips are measured with so many loops that keep the machine busy.
const BUSY: usize = 8;
/// What the reflector takes, in milliseconds.
const TRUTH: f64 = 10.0;
const REFLECTED: u32 = 20;

/// Who sends.
const PEERS: [&str; 5] = ["batched", "surge", "fping", "fping-burst", "tight"];

/// What one run came to.
#[derive(Debug, Clone, Default)]
struct Run {
    cpu_ms: f64,
    rss_mib: f64,
    missing: usize,
    void: usize,
    rtts_ms: Vec<f64>,
}

/// One table over everything.
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (targets, runs) in SIZES {
        let mut all: Vec<Vec<Run>> = vec![Vec::new(); PEERS.len()];
        for _ in 0..runs {
            for (peer, found) in PEERS.iter().zip(&mut all) {
                say(&format!("{targets} targets: {peer}"))?;
                found.extend(run(peer, targets, false)?);
            }
        }
        let of = |name: &str, what: fn(&Run) -> f64| {
            let runs = PEERS.iter().zip(&all).find(|(peer, _)| **peer == name);
            runs.map_or(0.0, |(_, runs)| median(runs.iter().map(what).collect()))
        };
        let cpu = |name| of(name, |run| run.cpu_ms);
        let (own, surge, paced) = (cpu("batched"), cpu("surge"), cpu("fping"));
        let target = match targets {
            100 => "1 x fping paced".to_owned(),
            1_000 => "0.45 x surge, 0.4 x fping paced".to_owned(),
            _ => "0.75 x surge, 0.25 x fping paced, 1.3 x tight loop".to_owned(),
        };
        let peer = format!(
            "surge {surge:.1}, fping paced {paced:.1}, fping burst {:.1}, tight loop {:.1}",
            cpu("fping-burst"),
            cpu("tight")
        );
        let ratios = format!(
            "{own:.1} ({:.2} x surge, {:.2} x fping paced, {:.2} x tight loop)",
            own / surge,
            own / paced,
            own / cpu("tight")
        );
        rows.push(
            Row::new(format!("echo, {targets} targets: CPU ms per 1 000 probes"), ratios)
                .target(target)
                .peer(peer),
        );
        let rss = |name| of(name, |run| run.rss_mib);
        rows.push(
            Row::new(
                format!("echo, {targets} targets: RSS MiB of a process with the engine alone"),
                format!("{:.1}", rss("batched")),
            )
            .target(format!("{:.1}", 8.0 + f64::from(targets) * 2.5 / 1024.0))
            .peer(format!("surge {:.1}", rss("surge"))),
        );
        let lost = |name: &str| {
            let runs = PEERS.iter().zip(&all).find(|(peer, _)| **peer == name);
            let sum = |what: fn(&Run) -> usize| {
                runs.map_or(0, |(_, runs)| runs.iter().map(what).sum::<usize>())
            };
            format!("{} + {} void", sum(|run| run.missing), sum(|run| run.void))
        };
        let sent = targets * ROUNDS * u32::try_from(runs)?;
        rows.push(
            Row::new(format!("echo, {targets} targets: false losses of {sent}"), lost("batched"))
                .target("0")
                .peer(format!("surge {}, fping {}", lost("surge"), lost("fping"))),
        );
        let calls = [syscalls("batched", targets)?, syscalls("surge", targets)?];
        let [own, surge] = calls.map(|calls| match calls {
            Some(calls) => format!("{calls:.2}"),
            None => "no strace".to_owned(),
        });
        let target = match targets {
            10_000 => "0.1",
            1_000 => "0.5",
            _ => "",
        };
        rows.push(
            Row::new(format!("echo, {targets} targets: system calls per probe"), own)
                .target(target)
                .peer(format!("surge {surge}")),
        );
    }
    rows.extend(stalls()?);
    rows.extend(round_trips()?);
    Ok(rows)
}

/// What a stop of 200 ms does to 10 000 targets.
fn stalls() -> anyhow::Result<Vec<Row>> {
    let mut said = Vec::new();
    for peer in ["batched", "surge", "fping-burst"] {
        say(&format!("10 000 targets with a stall: {peer}"))?;
        let mut text = Vec::new();
        for _ in 0..2 {
            if let Some(run) = run(peer, 10_000, true)? {
                text.push(format!("{} + {} void", run.missing, run.void));
            }
        }
        said.push(text.join(" and "));
    }
    let [own, surge, fping] = said.as_slice() else { bail!("three of them") };
    Ok(vec![
        Row::new(
            format!(
                "echo, 10 000 targets, {} ms stopped: false losses of {} (two runs)",
                STALL.as_millis(),
                10_000 * ROUNDS
            ),
            own.clone(),
        )
        .target("0")
        .peer(format!("surge {surge}, fping burst {fping}")),
    ])
}

/// Round trips against a reflector of known delay, on a busy machine.
fn round_trips() -> anyhow::Result<Vec<Row>> {
    let Some(reflector) = Reflector::start()? else {
        return Ok(vec![Row::new("echo, error of round trips", "no root or no python3")]);
    };
    let busy: Vec<Killed> = (0..BUSY)
        .map(|_| Ok(Killed(Command::new("sh").args(["-c", "while :; do :; done"]).spawn()?)))
        .collect::<anyhow::Result<_>>()?;
    let mut said = Vec::new();
    for peer in ["batched", "surge", "fping"] {
        say(&format!("round trips on a busy machine: {peer}"))?;
        let run = reflector.run(peer)?;
        let mut rtts = run.rtts_ms;
        rtts.sort_by(f64::total_cmp);
        let at = |share: usize| rtts.get(rtts.len() * share / 100).copied().unwrap_or_default();
        let below = rtts.first().copied().unwrap_or_default();
        said.push(format!(
            "p50 {:+.2}, p99 {:+.2}, least {:+.2}",
            at(50) - TRUTH,
            at(99) - TRUTH,
            below - TRUTH
        ));
    }
    drop(busy);
    let late = reflector.lateness()?;
    let [own, surge, fping] = said.as_slice() else { bail!("three of them") };
    Ok(vec![
        Row::new(
            format!("echo, round trips of {TRUTH} ms with {BUSY} busy loops: error in ms"),
            own.clone(),
        )
        .target("p99 within 1, never below")
        .peer(format!("surge {surge}; fping {fping}; the reflector itself was {late}")),
    ])
}

/// A process that is ended when this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The reflector: a TUN interface in a network namespace of its own, and a script behind it.
struct Reflector {
    script: Child,
    namespace: String,
    folder: tempfile::TempDir,
}

impl Reflector {
    fn start() -> anyhow::Result<Option<Self>> {
        let namespace = format!("rdpwatch-bench-{}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &namespace]).status();
        if !made.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/program/reflector.py");
        let script = Command::new("ip")
            .args(["netns", "exec", &namespace, "python3", path, "10"])
            .stdout(fs::File::create(folder.path().join("out"))?)
            .spawn()?;
        let reflector = Self { script, namespace, folder };
        for _ in 0..500 {
            if reflector.said()?.starts_with("ready") {
                return Ok(Some(reflector));
            }
            pause(Duration::from_millis(10));
        }
        Ok(None)
    }

    fn said(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("out"))?)
    }

    fn run(&self, peer: &str) -> anyhow::Result<Run> {
        let mut line = Command::new("ip");
        line.args(["netns", "exec", &self.namespace]);
        if peer == "fping" {
            let rounds = (ROUNDS * 8).to_string();
            line.args(["fping", "-q", "-p", "250", "-i", "1", "-C", &rounds]);
            line.args((1..=REFLECTED).map(|i| format!("10.123.0.{}", i + 1)));
            let output = line.output()?;
            let text = String::from_utf8_lossy(&output.stderr);
            let rtts_ms = text
                .lines()
                .filter_map(|line| line.split_once(" : "))
                .flat_map(|(_, rtts)| rtts.split(' '))
                .filter_map(|rtt| rtt.parse().ok())
                .collect();
            return Ok(Run { rtts_ms, ..Run::default() });
        }
        line.arg(std::env::current_exe()?).args([ROLE, peer, "reflected"]);
        let output = line.stdin(Stdio::null()).output()?;
        parse(&String::from_utf8_lossy(&output.stdout))
    }

    /// How late the reflector was by its own account.
    fn lateness(mut self) -> anyhow::Result<String> {
        let pid = Pid::from_raw(self.script.id().try_into()?);
        kill(pid, Signal::SIGTERM)?;
        self.script.wait()?;
        Ok(self.said()?.lines().last().unwrap_or_default().to_owned())
    }
}

impl Drop for Reflector {
    fn drop(&mut self) {
        drop(self.script.kill());
        drop(self.script.wait());
        drop(Command::new("ip").args(["netns", "del", &self.namespace]).status());
    }
}

/// One run in a process of its own; `None` where the peer is not here.
fn run(peer: &str, targets: u32, stall: bool) -> anyhow::Result<Option<Run>> {
    let burst = peer == "fping-burst";
    let mut command = if peer.starts_with("fping") {
        let mut line = Command::new("fping");
        let rounds = ROUNDS.to_string();
        let spacing = if burst { "0" } else { "1" };
        // Paced at a millisecond, ten thousand take ten seconds: the period is what it can hold.
        let period = if burst { 1_000 } else { targets.max(1_000) };
        line.args(["-q", "-t", "2000", "-i", spacing, "-p", &period.to_string(), "-C", &rounds]);
        line.args(addresses(targets).map(|ip| ip.to_string()));
        line
    } else {
        let mut line = Command::new(std::env::current_exe()?);
        line.args([ROLE, peer, &targets.to_string()]);
        line
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let before = children_cpu()?;
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            say(&format!("{peer}: {error}"))?;
            return Ok(None);
        }
    };
    if stall {
        let pid = Pid::from_raw(child.id().try_into()?);
        pause(Duration::from_millis(2_300));
        kill(pid, Signal::SIGSTOP)?;
        pause(STALL);
        kill(pid, Signal::SIGCONT)?;
    }
    let output = child.wait_with_output()?;
    let cpu = children_cpu()?.saturating_sub(before);
    if peer.starts_with("fping") {
        let text = String::from_utf8_lossy(&output.stderr);
        let missing = text.lines().filter_map(|line| line.split_once(" : "));
        let missing = missing.flat_map(|(_, rtts)| rtts.split(' ')).filter(|rtt| *rtt == "-");
        let probes = f64::from(targets * ROUNDS);
        let cpu_ms = cpu.as_secs_f64() * 1e6 / probes;
        return Ok(Some(Run { cpu_ms, missing: missing.count(), ..Run::default() }));
    }
    ensure!(output.status.success(), "{peer}: {}", String::from_utf8_lossy(&output.stderr));
    parse(&String::from_utf8_lossy(&output.stdout)).map(Some)
}

fn parse(text: &str) -> anyhow::Result<Run> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [cpu, rss, missing, void, rtts @ ..] = words.as_slice() else { bail!("said {text:?}") };
    Ok(Run {
        cpu_ms: cpu.parse()?,
        rss_mib: rss.parse()?,
        missing: missing.parse()?,
        void: void.parse()?,
        rtts_ms: rtts.iter().filter_map(|rtt| rtt.parse().ok()).collect(),
    })
}

/// System calls per probe of the whole process, its start included, counted by perf in a run that is
/// not timed, else by strace; `None` without either.
fn syscalls(peer: &str, targets: u32) -> anyhow::Result<Option<f64>> {
    say(&format!("{targets} targets: {peer}, system calls"))?;
    let folder = tempfile::tempdir()?;
    let counts = folder.path().join("counts");
    let calls = match perf(peer, targets, &counts)? {
        Some(calls) => Some(calls),
        None => strace(peer, targets, &counts)?,
    };
    Ok(calls.map(|calls| calls / f64::from(targets * ROUNDS)))
}

/// By a counter of the kernel, which costs next to nothing.
fn perf(peer: &str, targets: u32, counts: &Path) -> anyhow::Result<Option<f64>> {
    let words = ["stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-o"];
    let Some(text) = counted("perf", &words, counts, peer, targets)? else { return Ok(None) };
    let line = text.lines().find(|line| line.contains("sys_enter"));
    Ok(line.and_then(|line| line.split(',').next()?.parse().ok()))
}

/// By stopping the process at every call: whoever is woken runs ahead of whoever wakes it, so that
/// there are more wake-ups than without.
fn strace(peer: &str, targets: u32, counts: &Path) -> anyhow::Result<Option<f64>> {
    let words = ["-f", "-c", "-S", "calls", "-o"];
    let Some(text) = counted("strace", &words, counts, peer, targets)? else { return Ok(None) };
    let total = text.lines().find(|line| line.trim_end().ends_with("total"));
    let calls = total.and_then(|line| line.split_whitespace().nth(3)).context("no total")?;
    Ok(Some(calls.parse()?))
}

/// What a tool writes into the file `counts` of a run under it; `None` where it cannot.
fn counted(
    tool: &str,
    words: &[&str],
    counts: &Path,
    peer: &str,
    targets: u32,
) -> anyhow::Result<Option<String>> {
    let status = Command::new(tool)
        .args(words)
        .arg(counts)
        .arg(std::env::current_exe()?)
        .args([ROLE, peer, &targets.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let ran = status.is_ok_and(|status| status.success());
    Ok(if ran { Some(fs::read_to_string(counts)?) } else { None })
}

/// The role: sends, and says CPU milliseconds per thousand probes, memory, what is missing, what
/// is void and, of the reflector, every round trip.
pub(crate) fn play(peer: &str, targets: &str) -> anyhow::Result<()> {
    if peer == "tight" {
        return tight(targets.parse()?);
    }
    let reflected = targets == "reflected";
    let (addresses, rounds, period) = if reflected {
        let all = (1..=REFLECTED).map(|i| Ipv4Addr::from_bits(0x0a7b_0001 + i)).collect();
        (all, ROUNDS * 8, Duration::from_millis(250))
    } else {
        let seconds = std::env::var(SECONDS).ok().map(|text| text.parse()).transpose()?;
        let all = addresses(targets.parse()?).collect::<Vec<_>>();
        (all, seconds.unwrap_or(ROUNDS), Duration::from_secs(1))
    };
    let kind = if peer == "surge" { EchoKind::Surge } else { EchoKind::Batched };
    // The best that surge-ping knows is one thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let engine = open(EchoWish::Only(kind), Clock::start());
        let (out, mut samples) = outbox(8_192);
        let many = addresses.len() * usize::try_from(rounds)?;
        let before = own_cpu()?;
        let counting = tokio::spawn(async move {
            let (mut missing, mut void, mut ended, mut rtts) = (0, 0, 0, Vec::new());
            while ended < many {
                let Some(sample) = samples.recv().await else { break };
                let Observation::Echo(echo) = sample.observation else { continue };
                ended += 1;
                match echo.outcome {
                    EchoOutcome::Reply { rtt, .. } if reflected => {
                        rtts.push(rtt.as_secs_f64() * 1e3);
                    }
                    EchoOutcome::Reply { .. } => {}
                    EchoOutcome::Void(_) => void += 1,
                    EchoOutcome::Late { .. } => ended -= 1,
                    _ => missing += 1,
                }
            }
            (missing, void, rtts)
        });
        // All are spread over the period, twenty starts a second at the least.
        let parts = addresses.len().min(100);
        let mut beat = tokio::time::interval(period / u32::try_from(parts)?);
        let size = addresses.len().div_ceil(parts);
        for seq in 0..rounds {
            for (part, chunk) in (0_u32..).zip(addresses.chunks(size)) {
                beat.tick().await;
                for (place, address) in (0_u32..).zip(chunk) {
                    let request = EchoRequest {
                        target: TargetId(part * u32::try_from(size)? + place),
                        seq: u64::from(seq),
                        address: IpAddr::V4(*address),
                        scope: 0,
                        deadline: DEADLINE,
                    };
                    engine.send(request, out.clone());
                }
            }
        }
        let (missing, void, rtts) = counting.await?;
        let cpu = own_cpu()?.saturating_sub(before).as_secs_f64() * 1e6;
        let rss = resident_mib(std::process::id())?;
        let rtts: Vec<String> = rtts.iter().map(|rtt| format!("{rtt:.3}")).collect();
        #[expect(clippy::cast_precision_loss, reason = "fewer than a million probes")]
        let per_thousand = cpu / many as f64;
        print(&format!("{per_thousand:.3} {rss:.1} {missing} {void} {}", rtts.join(" ")))
    })
}

/// The limit: the same packets from a blocking loop, 128 to a system call, without times and
/// without keeping anything.
fn tight(targets: u32) -> anyhow::Result<()> {
    use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsRawFd;
    const BATCH: usize = 128;
    let domain = Domain::IPV4;
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::ICMPV4))
        .or_else(|_| Socket::new(domain, Type::RAW, Some(Protocol::ICMPV4)))?;
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::RcvBufForce, &(4 << 20))?;
    let all: Vec<SockaddrIn> =
        addresses(targets).map(|ip| SockaddrIn::from(SocketAddrV4::new(ip, 0))).collect();
    let packet = encode_probe(Icmp::V4, 7, Tag { cookie: 1, target: 1, seq: 1, slot: 1 });
    let before = own_cpu()?;
    let mut received = 0_usize;
    let parts = usize::try_from(targets)?.min(100);
    let pause_between = Duration::from_secs(1) / u32::try_from(parts)?;
    let mut outgoing = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut incoming = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut room = vec![[0_u8; 128]; BATCH];
    for _ in 0..ROUNDS {
        for chunk in all.chunks(all.len().div_ceil(parts)) {
            for batch in chunk.chunks(BATCH) {
                let slices = vec![[IoSlice::new(&packet)]; batch.len()];
                let names: Vec<_> = batch.iter().copied().map(Some).collect();
                sendmmsg(
                    socket.as_raw_fd(),
                    &mut outgoing,
                    &slices,
                    &names,
                    [],
                    MsgFlags::MSG_DONTWAIT,
                )?;
            }
            loop {
                let mut slices: Vec<_> =
                    room.iter_mut().map(|room| [IoSliceMut::new(room)]).collect();
                let found = recvmmsg(
                    socket.as_raw_fd(),
                    &mut incoming,
                    &mut slices,
                    MsgFlags::MSG_DONTWAIT,
                    None,
                );
                let Ok(found) = found else { break };
                let count = found.count();
                received += count;
                if count < BATCH {
                    break;
                }
            }
            pause(pause_between);
        }
    }
    let cpu = own_cpu()?.saturating_sub(before).as_secs_f64() * 1e6;
    let many = usize::try_from(targets * ROUNDS)?;
    let rss = resident_mib(std::process::id())?;
    let per_thousand = cpu / f64::from(targets * ROUNDS);
    // On a raw socket the requests arrive as well.
    print(&format!("{per_thousand:.3} {rss:.1} {} 0", many.saturating_sub(received)))
}

fn print(line: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark lets time pass")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}
