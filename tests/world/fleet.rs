//! The hosts of an ordinary company: a fifth of them servers, the others asleep at night.

use super::dice::Dice;
use super::host::{Place, SimHost, Trouble, at_day, certificate};
use rdpwatch::domain::target::{Expected, Host, Target, TargetId, TargetKind};
use std::net::IpAddr;
use std::time::Duration;

/// A server that answers everything, `server-N.corp.lab` at 10.0.1.N or on this machine's link.
pub(crate) fn server(number: u8) -> SimHost {
    host(&format!("server-{number}"), u32::from(number), TargetKind::Server, Place::Remote)
}

/// A laptop behind a router, not expected to be up.
pub(crate) fn laptop(number: u8) -> SimHost {
    let mut host =
        host(&format!("laptop-{number}"), u32::from(number), TargetKind::Laptop, Place::Remote);
    host.target.expected = Expected::OnDemand;
    host
}

/// `count` healthy servers.
pub(crate) fn servers(count: u8) -> Vec<SimHost> {
    (1..=count).map(server).collect()
}

fn host(name: &str, number: u32, kind: TargetKind, place: Place) -> SimHost {
    let [.., high, low] = number.to_be_bytes();
    let net = match (kind, place) {
        (_, Place::OnLink) => 0,
        (TargetKind::Laptop, _) => 100,
        (TargetKind::Pc, _) => 50,
        _ => 10,
    };
    let address = match place {
        Place::OnLink => IpAddr::from([10, 0, 0, low]),
        _ => IpAddr::from([10, 1 + net, high, low]),
    };
    let long = Host::Name(format!("{name}.corp.lab"));
    let mut target = Target::new(TargetId(0), name, long);
    target.kind = kind;
    let short = name.to_ascii_uppercase();
    // A server and a laptop of one number are two machines.
    let print = number + 1_000 * u32::from(net);
    SimHost {
        target,
        address,
        others: Vec::new(),
        place,
        drops_ping: false,
        rtt: Duration::from_micros(400 + 700 * u64::from(number % 60)),
        certificate: certificate(&short, print, true, at_day(-140), at_day(40)),
        troubles: Vec::new(),
    }
}

/// How long a night is.
pub(crate) const NIGHT: Duration = Duration::from_hours(8);

/// 400 hosts of which 200 sleep, all of them healthy.
pub(crate) fn company(seed: u64) -> Vec<SimHost> {
    let mut dice = Dice::new(seed);
    (0..400)
        .map(|number| {
            let (kind, word) = match number {
                0..=189 => (TargetKind::Server, "server"),
                190..=199 => (TargetKind::Farm, "farm"),
                200..=299 => (TargetKind::Pc, "pc"),
                _ => (TargetKind::Laptop, "laptop"),
            };
            let place = match number % 10 {
                0..=1 if number < 250 => Place::OnLink,
                2..=3 => Place::RemoteTold,
                _ => Place::Remote,
            };
            let mut host = host(&format!("{word}-{number}"), number, kind, place);
            dress(&mut host, number, &mut dice);
            host
        })
        .collect()
}

const fn minutes_in(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn dress(host: &mut SimHost, number: u32, dice: &mut Dice) {
    // Above those that hosts have from the beginning.
    let print = number + 1_000_000;
    let short = host.target.name.to_ascii_uppercase();
    let [.., high, low] = number.to_be_bytes();
    host.drops_ping = number % 3 == 1;
    if host.target.kind.sleeps() {
        host.target.expected =
            if number.is_multiple_of(2) { Expected::OnDemand } else { Expected::Hours };
        sleep(host, number, dice);
    }
    match number % 40 {
        // Issued by the company, for the name that is dialled.
        3 => {
            let name = format!("{}.corp.lab", host.target.name);
            host.certificate = certificate(&name, print, false, at_day(-300), at_day(60));
        }
        // Found so: for another name, or weak, or soon to expire.
        8 => {
            host.certificate =
                certificate("old-name.corp.lab", print, false, at_day(-9), at_day(60));
        }
        13 => "sha1WithRSAEncryption".clone_into(&mut host.certificate.signature),
        18 => host.certificate = certificate(&short, print, false, at_day(-9), at_day(5)),
        // Windows renews by itself during the night.
        23 => {
            host.certificate = certificate(&short, print, true, at_day(-179), at_day(1));
            host.add_trouble(Duration::from_hours(5), NIGHT * 2, Trouble::Renewed);
        }
        // Renamed: with a new certificate where its hardware address is seen, else with the old one.
        11 if host.place == Place::OnLink => {
            host.add_trouble(minutes_in(150), NIGHT * 2, Trouble::Renamed("NEW-NAME", true));
        }
        16 => host.add_trouble(minutes_in(90), NIGHT * 2, Trouble::Renamed("NEW-NAME", false)),
        // Dialled by address.
        28 => host.target.host = Host::Address(host.address, None),
        // Dual stack, while this machine has no way for IPv6.
        33 => host.others.push(IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 1, 0x100 + u16::from(low)])),
        // Listed where it is expected to be.
        38 => host.target.expect.push(host.address),
        _ => {}
    }
    if host.target.kind == TargetKind::Farm {
        host.others = vec![IpAddr::from([10, 12, high, low]), IpAddr::from([10, 13, high, low])];
    }
    // One DNS server is slow once, for everybody.
    let slow = Trouble::SlowName(Duration::from_millis(1_500));
    host.add_trouble(Duration::from_mins(200), Duration::from_secs(200 * 60 + 40), slow);
}

/// When it sleeps: most all night, some from some time on, some until the morning, some with a
/// maintenance window in between.
fn sleep(host: &mut SimHost, number: u32, dice: &mut Dice) {
    let minutes = |dice: &mut Dice, from: u32, span: u32| {
        Duration::from_secs(u64::from(60 * (from + dice.below(span)) + dice.below(60)))
    };
    let always = NIGHT * 2;
    match number % 5 {
        0 => {
            let from = minutes(dice, 5, 300);
            host.add_trouble(from, always, Trouble::Silent);
        }
        1 => {
            let until = minutes(dice, 60, 400);
            host.add_trouble(Duration::ZERO, until, Trouble::Silent);
            // It comes back with another address, as laptops do.
            if number.is_multiple_of(2) {
                let [.., low] = number.to_be_bytes();
                host.add_trouble(until, always, Trouble::Moved(IpAddr::from([10, 200, 7, low])));
            }
        }
        2 => {
            let from = minutes(dice, 5, 120);
            let until = minutes(dice, 150, 120);
            host.add_trouble(from, until, Trouble::Silent);
            let again = until + minutes(dice, 3, 60);
            host.add_trouble(again, always, Trouble::Silent);
        }
        _ => host.add_trouble(Duration::ZERO, always, Trouble::Silent),
    }
}
