//! An echo engine of the library on a machine of the lab: it is told what to send, and says what
//! became of each request.

use crate::lab::{Machine, open_to_all, temporary_prefix};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdpwatch::domain::local::{EchoAccess, EchoKind, EchoWish};
use rdpwatch::domain::sample::{EchoOutcome, Observation, Sample};
use rdpwatch::domain::target::TargetId;
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::echo::{EchoRequest, open, outbox};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// Tells this test program to run an engine.
pub(crate) const PEER_FLAG: &str = "--peer-echo";

/// A question may take this long beyond its own deadlines: the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Where to, each once a round.
    pub(crate) addresses: Vec<String>,
    /// From here on, so many addresses that follow one another, in place of those.
    pub(crate) range: Option<(Ipv4Addr, u32)>,
    pub(crate) rounds: u64,
    /// Between two rounds, in milliseconds.
    pub(crate) every: u64,
    /// In milliseconds.
    pub(crate) deadline: u64,
}

impl Plan {
    pub(crate) fn to(addresses: &[&str], rounds: u64, every: u64) -> Self {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        Self { addresses, range: None, rounds, every, deadline: 2_000 }
    }

    pub(crate) fn to_range(first: [u8; 4], many: u32, rounds: u64, every: u64) -> Self {
        let range = Some((Ipv4Addr::from(first), many));
        Self { addresses: Vec::new(), range, rounds, every, deadline: 2_000 }
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its place among the addresses.
    pub(crate) target: u64,
    pub(crate) round: u64,
    /// `reply`, `lost`, `late`, an ICMP error as `3/1 10.0.0.1`, or `void` and why.
    pub(crate) what: String,
    pub(crate) micros: u64,
    pub(crate) ttl: Option<u64>,
}

/// All that became of a plan.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    counts: Value,
}

impl Answer {
    /// How many ended so.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.rows.iter().filter(|row| row.what == what).count()
    }

    /// A count of the engine since it began; `None` where it counts nothing.
    pub(crate) fn counted(&self, what: &str) -> Option<u64> {
        self.counts[what].as_u64()
    }

    /// Holds every request to have ended so, once.
    pub(crate) fn all(&self, many: usize, what: &str) {
        let odd: Vec<&Row> = self.rows.iter().filter(|row| row.what != what).take(5).collect();
        assert!(odd.is_empty(), "not {what}: {odd:?} … of {}", self.rows.len());
        assert_eq!(self.rows.len(), many);
    }
}

/// A running engine.
pub(crate) struct Echoer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it may use, for IPv4 and IPv6: `raw`, `datagram` or `denied`.
    pub(crate) access: (String, String),
}

/// Who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    Root,
    /// Nobody, with `CAP_NET_RAW` alone.
    RawOnly,
    /// Nobody.
    None,
}

impl Echoer {
    pub(crate) fn start(machine: &Machine, kind: EchoKind, rights: Rights) -> Self {
        let nobody = |caps: &str| {
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                .map(str::to_owned)
                .into_iter()
                .chain(
                    ["inh-caps", "ambient-caps", "bounding-set"]
                        .map(|set| format!("--{set}=-all{caps}")),
                )
                .collect::<Vec<_>>()
        };
        let words = match rights {
            Rights::Root => vec!["env".to_owned()],
            Rights::RawOnly => nobody(",+net_raw"),
            Rights::None => nobody(""),
        };
        let (first, rest) = words.split_first().unwrap();
        let mut line = machine.command(first);
        line.args(rest).arg(binary()).args([PEER_FLAG, kind.word()]);
        let mut child = line.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let hello = read(&mut answers);
        let word = |key: &str| hello[key].as_str().unwrap().to_owned();
        let access = (word("v4"), word("v6"));
        assert_eq!(word("engine"), kind.word(), "{hello}");
        Self { child, questions, answers, access }
    }

    /// Sends what is planned, and waits until every request has ended.
    pub(crate) fn ask(&mut self, plan: &Plan) -> Answer {
        self.begin(plan);
        self.end()
    }

    pub(crate) fn begin(&mut self, plan: &Plan) {
        let question = json!({
            "addresses": plan.addresses, "rounds": plan.rounds, "every": plan.every,
            "deadline": plan.deadline,
            "first": plan.range.map(|(first, _)| first.to_string()),
            "many": plan.range.map(|(_, many)| many),
        });
        writeln!(self.questions, "{question}").unwrap();
    }

    pub(crate) fn end(&mut self) -> Answer {
        let answer = read(&mut self.answers);
        let rows = answer["rows"].as_array().unwrap().iter().map(|row| Row {
            target: row[0].as_u64().unwrap(),
            round: row[1].as_u64().unwrap(),
            what: row[2].as_str().unwrap().to_owned(),
            micros: row[3].as_u64().unwrap(),
            ttl: row[4].as_u64(),
        });
        Answer { rows: rows.collect(), counts: answer["counts"].clone() }
    }

    /// Stops it where it is, or lets it go on; the kernel goes on meanwhile.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Echoer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn read(from: &mut impl BufRead) -> Value {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("no answer ({error}): {line:?}"))
}

/// This program where everybody may run it.
fn binary() -> PathBuf {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        // Under the prefix of this run, and so removed with what it leaves behind.
        let folder = TempDir::with_prefix(temporary_prefix()).unwrap().keep();
        open_to_all(&folder);
        let path = folder.join("netns");
        std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
        open_to_all(&path);
        path
    })
    .clone()
}

/// Takes the copy of this program away.
pub(crate) fn tidy() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&temporary_prefix())
            && entry.path().join("netns").is_file()
        {
            let _gone = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The engine: answers questions until there are no more.
pub(crate) fn serve(kind: &str) -> ExitCode {
    let kind = if kind == "surge" { EchoKind::Surge } else { EchoKind::Batched };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = open(EchoWish::Only(kind), Clock::start());
        let word = |access| match access {
            EchoAccess::Raw => "raw",
            EchoAccess::Datagram => "datagram",
            EchoAccess::Denied | EchoAccess::Off => "denied",
        };
        say(&json!({
            "engine": engine.facts().kind.word(),
            "v4": word(engine.access(false)), "v6": word(engine.access(true)),
        }));
        let mut questions = std::io::stdin().lines();
        let mut next = 0_u64;
        while let Some(Ok(line)) = questions.next() {
            let question: Value = serde_json::from_str(&line).unwrap();
            let number = |key: &str| question[key].as_u64().unwrap();
            let addresses = addresses(&question);
            let rounds = number("rounds");
            let many = addresses.len() * usize::try_from(rounds).unwrap();
            let deadline = Duration::from_millis(number("deadline"));
            let (out, mut samples) = outbox(8_192);
            let first = next;
            next += rounds;
            let taking = tokio::spawn(async move {
                let (mut rows, mut ended) = (Vec::new(), 0);
                while ended < many {
                    let Some(sample) = samples.recv().await else { break };
                    let row = row(&sample, first);
                    ended += usize::from(row[2] != "late");
                    rows.push(row);
                }
                rows
            });
            let mut beat = tokio::time::interval(Duration::from_millis(number("every").max(1)));
            for round in 0..rounds {
                beat.tick().await;
                for (target, address) in (0..).zip(&addresses) {
                    let target = TargetId(target);
                    let seq = first + round;
                    let request =
                        EchoRequest { target, seq, address: *address, scope: 0, deadline };
                    engine.send(request, out.clone());
                }
            }
            let limit = deadline * 3 + PATIENCE;
            let rows = tokio::time::timeout(limit, taking).await.expect("all ended").unwrap();
            let counts = engine.counts().map(|counts| {
                json!({
                    "duplicates": counts.duplicates, "reordered": counts.reordered,
                    "foreign": counts.foreign, "dropped": counts.dropped,
                })
            });
            say(&json!({"rows": rows, "counts": counts}));
        }
    });
    ExitCode::SUCCESS
}

fn addresses(question: &Value) -> Vec<IpAddr> {
    if let (Some(first), Some(many)) = (question["first"].as_str(), question["many"].as_u64()) {
        let first: Ipv4Addr = first.parse().unwrap();
        let many = u32::try_from(many).unwrap();
        return (0..many).map(|i| Ipv4Addr::from_bits(first.to_bits() + i).into()).collect();
    }
    let listed = question["addresses"].as_array().unwrap();
    listed.iter().map(|address| address.as_str().unwrap().parse().unwrap()).collect()
}

fn row(sample: &Sample, first: u64) -> Value {
    let Observation::Echo(echo) = &sample.observation else { panic!("{sample:?}") };
    let micros = |rtt: Duration| u64::try_from(rtt.as_micros()).unwrap();
    let (what, micros, ttl) = match echo.outcome {
        EchoOutcome::Reply { rtt, ttl } => ("reply".to_owned(), micros(rtt), ttl),
        EchoOutcome::Late { rtt } => ("late".to_owned(), micros(rtt), None),
        EchoOutcome::Answered => ("answered".to_owned(), 0, None),
        EchoOutcome::Lost => ("lost".to_owned(), 0, None),
        EchoOutcome::Void(fault) => (format!("void {fault:?}"), 0, None),
        EchoOutcome::Unreachable(error) => {
            let from = error.from.map_or_else(String::new, |from| format!(" {from}"));
            (format!("{}/{}{from}", error.kind, error.code), 0, None)
        }
    };
    json!([sample.target.0, sample.seq - first, what, micros, ttl])
}

#[expect(clippy::print_stdout, reason = "the answer to who started this")]
fn say(line: &Value) {
    println!("{line}");
}
