//! The program's own listener to changes of the network, in a namespace that it changes itself.

use crate::lab::Machine;
use crate::process::run;
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::local::{Changes, LocalObserver};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Tells this test program to play the listener.
pub(crate) const PEER_FLAG: &str = "--peer-listener";

/// Addresses that come and go in a storm: far more messages than the socket holds.
const STORM: u32 = 4_000;
/// Between two tellings at the least.
const PACE: Duration = Duration::from_millis(100);
/// How long after a change it may be told: the machine may be busy.
const PROMPT: Duration = Duration::from_millis(250);

/// Runs the listener on a machine, and holds it to success.
pub(crate) fn hold(machine: &Machine) {
    let myself = std::env::current_exe().unwrap();
    let mut line = machine.command(&myself.display().to_string());
    run(line.args([PEER_FLAG, &machine.path("storm.batch").display().to_string()]));
}

/// The listener: what it hears of one change, and of a storm.
pub(crate) fn listen(batch: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::start();
        let mut changes = Changes::listen(clock);
        let mut observer = LocalObserver::new(clock);
        for change in ["addr add 10.99.0.1/32 dev lo", "link set eth0 down", "link set eth0 up"] {
            let before = clock.mono();
            ip(&change.split(' ').collect::<Vec<_>>());
            let told = changes.next().await.mono;
            assert!(
                told >= before && told.since(before) <= PROMPT,
                "{change}: {before:?} {told:?}"
            );
            quiet(&mut changes).await;
        }

        let all = |verb: &str| -> String {
            let line =
                |i: u32| format!("addr {verb} 10.{}.{}.7/32 dev lo\n", 100 + i / 250, i % 250);
            (0..STORM).map(line).collect()
        };
        std::fs::write(batch, all("add") + &all("del") + "addr add 10.98.0.1/32 dev lo\n").unwrap();
        // Nobody reads meanwhile: the kernel has to give up on the socket.
        ip(&["-batch", batch]);
        let mut told = 0;
        while tokio::time::timeout(PACE * 4, changes.next()).await.is_ok() {
            told += 1;
        }
        assert!((1..=3).contains(&told), "a storm was told {told} times");
        let last: IpAddr = [10, 98, 0, 1].into();
        assert!(observer.observe().owns(last), "the look after it sees the last change");
        // And it hears again after it was overrun.
        ip(&["addr", "del", "10.98.0.1/32", "dev", "lo"]);
        changes.next().await;
        assert!(!observer.observe().owns(last));
    });
    let _gone = std::fs::remove_file(Path::new(batch));
    ExitCode::SUCCESS
}

/// Waits until nothing more comes of a change: addresses and routes follow a link.
async fn quiet(changes: &mut Changes) {
    while tokio::time::timeout(PACE * 4, changes.next()).await.is_ok() {}
}

fn ip(words: &[&str]) {
    let status = Command::new("ip").args(words).status().unwrap();
    assert!(status.success(), "ip {words:?}");
}
