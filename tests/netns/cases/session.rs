//! A session of the monitor's own machine on a real server: cut off on its way, or closed.

use super::{Case, NAME, Pair};
use crate::lab::{HOST, Machine, Net};
use crate::terminal::Session;
use crate::{firewall, terminal};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub(super) const CASES: &[Case] = &[
    Case::new("session::a_cut_one_is_told_and_nothing_else", &["xrdp", "nft", "socat"], cut),
    Case::new("session::a_closed_one_is_only_a_line_of_the_log", &["xrdp", "socat"], closed),
];

/// The client's port.
const CLIENT: &str = "50123";
/// A connection request for TLS.
const REQUEST: &[u8] =
    b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00";
/// The head of a TLS record of 4096 bytes: the server waits for the rest.
const RECORD: &[u8] = b"\x16\x03\x01\x10\x00";

/// A connection that says a byte twice a second, as a user who types.
struct Client {
    socat: Child,
    /// Gone when it ends.
    goes_on: Option<Sender<()>>,
    types: Option<JoinHandle<()>>,
}

impl Client {
    fn connect(machine: &Machine) -> Self {
        let to = format!("TCP4:{}:3389,sourceport={CLIENT},reuseaddr", Net::Near.v4(HOST));
        let mut socat = machine
            .command("socat")
            .args(["-", &to])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut keys = socat.stdin.take().unwrap();
        let (goes_on, ends) = channel::<()>();
        let types = std::thread::spawn(move || {
            let pause = || ends.recv_timeout(Duration::from_millis(500)).is_err_and(goes_on_after);
            let mut said = REQUEST;
            while keys.write_all(said).is_ok() && pause() {
                said = if said == REQUEST { RECORD } else { b"x" };
            }
        });
        Self { socat, goes_on: Some(goes_on), types: Some(types) }
    }

    /// Closes it, as a client does.
    fn close(&mut self) {
        self.goes_on = None;
        if let Some(types) = self.types.take() {
            types.join().unwrap();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _gone = self.socat.kill();
        let _status = self.socat.wait();
    }
}

fn goes_on_after(pause: RecvTimeoutError) -> bool {
    pause == RecvTimeoutError::Timeout
}

/// The dashboard with its event log on the screen, a session seen on it, and where alerts are told.
fn with_session(pair: &Pair) -> (Session, Client, PathBuf) {
    // The system gives a dead connection up after seconds, not a quarter of an hour.
    pair.monitor.set("net/ipv4/tcp_retries2", "4");
    let alerts = pair.monitor.path("alerts.jsonl");
    let config = format!("[[sink]]\ntype = 'file'\npath = '{}'\n", alerts.display());
    let file = pair.monitor.path("rdpwatch.toml");
    std::fs::write(&file, config).unwrap();
    let file = file.display().to_string();
    let mut screen = terminal::start(&pair.monitor, &["-c", &file, NAME]);
    screen.wait("healthy host", |screen| screen.contains("Nothing is wrong"));
    let client = Client::connect(&pair.monitor);
    screen.press("3");
    screen.wait("session", |screen| screen.contains("this machine has a session on it"));
    (screen, client, alerts)
}

/// What was told, by event and rule.
fn told(alerts: &PathBuf) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(alerts).unwrap_or_default();
    let word = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap().to_owned();
    let event = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        (word(&value, "event"), word(&value, "rule"))
    };
    text.lines().map(event).collect()
}

/// A firewall that forgot this one connection: the rest of the host answers on.
fn cut() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let (mut screen, _client, alerts) = with_session(&pair);
    firewall::filter(&pair.host, &[&format!("tcp sport {CLIENT} drop")]);
    screen.wait("line of the log", |screen| {
        screen.contains("the session of this machine dropped: nothing came since")
    });
    screen.wait("alert", |screen| screen.contains("session-dropped"));
    screen.press("1");
    screen.wait("sentence", |screen| {
        screen.contains("Your session on host.lab dropped (certain): the host was last heard at")
    });
    screen.quit();
    assert_eq!(told(&alerts), [("fired".to_owned(), "session-dropped".to_owned())]);
}

fn closed() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let (screen, mut client, alerts) = with_session(&pair);
    client.close();
    screen.wait("line of the log", |screen| screen.contains("this machine closed its session"));
    screen.wait("no alert", |screen| screen.contains("FIRING  none"));
    screen.quit();
    assert_eq!(told(&alerts), []);
}
