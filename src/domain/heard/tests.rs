use super::*;
use crate::domain::diagnose::fixture::{ADDRESS, at, reply, stopped_at_tcp};
use crate::domain::sample::EchoMethod;

fn echo(heard: &mut Heard, second: u64, outcome: EchoOutcome) {
    heard.observe_echo(at(second), &Echo { method: EchoMethod::Icmp, address: ADDRESS, outcome });
}

fn connection(heard: &mut Heard, second: u64, outcome: ConnectOutcome) {
    heard.observe_attempt(at(second), &stopped_at_tcp(outcome), &EchoSeries::default());
}

fn back(heard: &Heard) -> Option<(Now, Now)> {
    heard.back().map(|back| (back.silent, back.at))
}

#[test]
fn connections_are_kept_by_time_and_never_without_bound() {
    let mut heard = Heard::default();
    (0..10_000).for_each(|second| connection(&mut heard, second, ConnectOutcome::Refused));
    assert_eq!(heard.tried.len(), MOST);
    (0..40).for_each(|index| connection(&mut heard, 10_000 + index * 300, ConnectOutcome::Refused));
    assert_eq!(heard.tried.len(), LEAST);
}

#[test]
fn a_host_is_back_after_twenty_seconds_of_silence_on_all_layers() {
    let mut heard = Heard::default();
    echo(&mut heard, 1, reply(20));
    (2..21).for_each(|second| echo(&mut heard, second, EchoOutcome::Lost));
    echo(&mut heard, 21, reply(20));
    assert_eq!(back(&heard), None, "19 s");
    (22..60).for_each(|second| echo(&mut heard, second, EchoOutcome::Lost));
    connection(&mut heard, 35, ConnectOutcome::Timeout);
    // Told later than it was sent: older than the answer.
    echo(&mut heard, 60, reply(20));
    echo(&mut heard, 59, EchoOutcome::Lost);
    assert_eq!(back(&heard), Some((at(22), at(60))));
    connection(&mut heard, 62, ConnectOutcome::Refused);
    (70..100).for_each(|second| echo(&mut heard, second, EchoOutcome::Lost));
    echo(&mut heard, 100, reply(20));
    assert_eq!(back(&heard), Some((at(22), at(60))), "Remote Desktop did not work between");
}

#[test]
fn a_firewall_that_drops_ping_is_no_silence() {
    let mut heard = Heard::default();
    for second in 0..100 {
        echo(&mut heard, second, EchoOutcome::Lost);
        if second % 10 == 5 {
            connection(&mut heard, second, ConnectOutcome::Open);
        }
    }
    assert_eq!(back(&heard), None);
}

#[test]
fn what_was_silent_while_this_machine_was_offline_is_no_silence() {
    let mut heard = Heard::default();
    echo(&mut heard, 1, reply(20));
    (2..60).for_each(|second| echo(&mut heard, second, EchoOutcome::Lost));
    connection(&mut heard, 10, ConnectOutcome::Timeout);
    heard.void_since(MonoTime::from_secs(2));
    echo(&mut heard, 60, reply(20));
    assert_eq!(back(&heard), None);
    assert_eq!(heard.restarts().count(), 0);
}
