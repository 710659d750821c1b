//! How large a packet the path carries, and RDP's UDP transport.

use super::{Case, Pair};
use crate::lab::{HOST, Lab, Machine, Net, ROUTER};
use crate::program::{User, check, check_as};
use crate::scripted::{self, Udp};
use crate::{capture, firewall};
use serde_json::json;

/// Groups that may open ICMP datagram sockets: nobody, and everybody.
const CLOSED: &str = "1 0";
const OPEN: &str = "0 2147483647";
const PINGS: &str = "net/ipv4/ping_group_range";

pub(super) const CASES: &[Case] = &[
    Case::new("transport::full_path", &[], full_path),
    Case::new("transport::lowered_path", &[], lowered_path),
    Case::new("transport::path_too_low_for_udp", &[], path_too_low_for_udp),
    Case::new("transport::own_interface_is_small", &["setpriv"], own_interface_is_small),
    Case::new("transport::black_hole", &["nft"], black_hole),
    Case::new(
        "transport::black_hole_with_small_segments",
        &["nft"],
        black_hole_with_small_segments,
    ),
    Case::new("transport::certificate_never_arrives", &["nft"], certificate_never_arrives),
    Case::new("transport::limit_for_pings", &["nft"], limit_for_pings),
    Case::new("transport::no_pings_at_all", &["nft"], no_pings_at_all),
    Case::new("transport::lowered_path_by_every_means", &["setpriv"], lowered_by_every_means),
    Case::new("transport::udp_answers", &["tcpdump", "tshark"], udp_answers),
    Case::new("transport::udp_is_silent", &[], udp_is_silent),
    Case::new("transport::udp_is_closed", &[], udp_is_closed),
    Case::new("transport::udp_mistakes_us", &[], udp_mistakes_us),
    Case::new("transport::udp_filtered_on_the_way", &["nft"], udp_filtered),
    Case::new("transport::udp_behind_a_small_link", &["nft"], udp_behind_a_small_link),
];

/// The monitor, a router, and a scripted host behind it.
struct Routed {
    monitor: Machine,
    router: Machine,
    host: Machine,
    _lab: Lab,
}

impl Routed {
    fn new() -> Self {
        let mut lab = Lab::new();
        let monitor = lab.monitor();
        let router = lab.router(&monitor);
        let host = lab.far_machine("host", HOST);
        Self { monitor, router, host, _lab: lab }
    }

    /// The router's link to the host carries `mtu` bytes. The host does not know of it: what it
    /// sends above that vanishes, as behind a tunnel.
    fn shrink(&self, mtu: u32) -> &Self {
        self.router.ip(&[&format!("link set eth1 mtu {mtu}")]);
        self
    }

    /// The host's own end of that link carries as much.
    fn shrink_host(&self, mtu: u32) -> &Self {
        self.host.ip(&[&format!("link set eth0 mtu {mtu}")]);
        self
    }

    /// Nobody hears that a packet was too big.
    fn silence_routers(&self) -> &Self {
        firewall::filter(
            &self.monitor,
            &["icmp type destination-unreachable drop", "icmpv6 type packet-too-big drop"],
        );
        self
    }

    fn targets() -> [String; 2] {
        [Net::Far.v4(HOST), Net::Far.v6(HOST)]
    }
}

fn full_path() {
    let routed = Routed::new();
    let _host = scripted::start(&routed.host, Udp::Answers);
    for target in Routed::targets() {
        check(&routed.monitor, &[&target]).is(&json!({
            "availability": "up", "state": "ok", "findings": [],
            "path": {"outcome": "full", "mtu": 1500, "from": null},
            "udp": {"outcome": "syn_ack", "version": "2", "mtu_up": 1232, "mtu_down": 1232},
        }));
    }
}

fn lowered_path() {
    let routed = Routed::new();
    routed.shrink(1400).shrink_host(1400);
    let _host = scripted::start(&routed.host, Udp::Answers);
    let routers = [Net::Near.v4(ROUTER), Net::Near.v6(ROUTER)];
    for (target, router) in Routed::targets().iter().zip(routers) {
        check(&routed.monitor, &[target]).is(&json!({
            "availability": "up", "state": "ok", "findings": [],
            "path": {"outcome": "lowered", "mtu": 1400, "from": router},
            "udp": {"outcome": "syn_ack"},
        }));
    }
}

/// One check is one measurement, and it says so at once.
fn path_too_low_for_udp() {
    let routed = Routed::new();
    routed.shrink(1200).shrink_host(1200);
    let _host = scripted::start(&routed.host, Udp::Answers);
    check(&routed.monitor, &[&Net::Far.v4(HOST)]).is(&json!({
        "availability": "up", "state": "warning", "risk": "low",
        "path": {"outcome": "lowered", "mtu": 1200, "from": Net::Near.v4(ROUTER)},
        "udp": {"outcome": "syn_ack", "mtu_up": 1132, "mtu_down": 1132},
        "findings": [{
            "id": "mtu-low", "severity": "warning", "confidence": "certain", "owner": "network",
        }],
    }));
}

fn own_interface_is_small() {
    let routed = Routed::new();
    routed.monitor.ip(&["link set eth0 mtu 1420"]);
    let _host = scripted::start(&routed.host, Udp::Answers);
    routed.monitor.set(PINGS, OPEN);
    for target in Routed::targets() {
        check_as(User::Nobody, &routed.monitor, &[&target]).is(&json!({
            "state": "ok", "findings": [],
            "path": {"outcome": "lowered", "mtu": 1420, "from": null},
        }));
    }
}

/// The certificate of the host does not fit either: its flight never arrives.
fn black_hole() {
    let routed = Routed::new();
    routed.shrink(1280).silence_routers();
    let _host = scripted::start(&routed.host, Udp::Answers);
    for target in Routed::targets() {
        check(&routed.monitor, &[&target]).is(&json!({
            "availability": "up", "state": "critical", "risk": "high",
            "path": {"outcome": "black_hole", "mtu": 1280, "from": null},
            "udp": {"outcome": "syn_ack"},
            "findings": [{"id": "mtu-black-hole", "severity": "critical", "owner": "vpn"}],
        }));
    }
}

/// The router keeps TCP's segments small: the same hole, and nothing falls into it.
fn black_hole_with_small_segments() {
    let routed = Routed::new();
    routed.shrink(1280).silence_routers();
    let clamp = "table inet clamp {\nchain passing {\ntype filter hook forward priority 0;\n\
                 tcp flags syn tcp option maxseg size set 1200\n}\n}\n";
    routed.router.file("clamp.nft", clamp);
    let file = format!("/etc/netns/{}/clamp.nft", routed.router.namespace);
    crate::process::run(routed.router.command("nft").args(["-f", &file]));
    let _host = scripted::start(&routed.host, Udp::Answers);
    for target in Routed::targets() {
        check(&routed.monitor, &[&target]).is(&json!({
            "availability": "up", "state": "ok", "findings": [],
            "path": {"outcome": "black_hole", "mtu": 1280}, "tls": {"outcome": "ok"},
        }));
    }
}

/// Nothing answers pings or UDP, and of the certificate only the last, small segment arrives.
fn certificate_never_arrives() {
    let routed = Routed::new();
    routed.shrink(1000).silence_routers();
    // Or the kernel would hand several segments over as one, whatever the link carries.
    routed.host.ip(&["link set eth0 gso_max_segs 1"]);
    firewall::filter(&routed.host, &["icmp type echo-request drop"]);
    let _host = scripted::start_with_large_certificate(&routed.host, Udp::Silent);
    check(&routed.monitor, &[&Net::Far.v4(HOST)]).is(&json!({
        "availability": "up", "state": "critical",
        "path": {"outcome": "unknown"}, "udp": {"outcome": "silent"},
        "x224": {"outcome": "confirmed"}, "tls": {"outcome": "timeout"},
        "findings": [{
            "id": "mtu-black-hole", "severity": "critical", "confidence": "likely",
        }],
    }));
}

/// Firewalls drop large pings: that is no path.
fn limit_for_pings() {
    let routed = Routed::new();
    firewall::filter(
        &routed.router,
        &[
            "icmp type echo-request meta length > 1024 drop",
            "icmpv6 type echo-request meta length > 1024 drop",
        ],
    );
    let _host = scripted::start(&routed.host, Udp::Answers);
    for target in Routed::targets() {
        check(&routed.monitor, &[&target]).is(&json!({
            "availability": "up", "state": "ok", "findings": [],
            "path": {"outcome": "unknown", "mtu": null, "from": null},
        }));
    }
}

fn no_pings_at_all() {
    let routed = Routed::new();
    firewall::filter(
        &routed.host,
        &["icmp type echo-request drop", "icmpv6 type echo-request drop"],
    );
    let _host = scripted::start(&routed.host, Udp::Answers);
    check(&routed.monitor, &[&Net::Far.v4(HOST)]).is(&json!({
        "availability": "up", "state": "ok", "findings": [],
        "path": {"outcome": "unknown", "mtu": null, "from": null},
        "udp": {"outcome": "syn_ack"},
    }));
}

/// ICMP datagrams without rights, raw sockets as root, UDP with neither: each hears the router.
fn lowered_by_every_means() {
    let routed = Routed::new();
    routed.shrink(1300).shrink_host(1300);
    let _host = scripted::start(&routed.host, Udp::Answers);
    for (user, groups) in [(User::Nobody, OPEN), (User::Root, CLOSED), (User::Nobody, CLOSED)] {
        routed.monitor.set(PINGS, groups);
        for target in Routed::targets() {
            check_as(user, &routed.monitor, &[&target]).on_limited_machine(&json!({
                "availability": "up", "state": "ok", "findings": [],
                "path": {"outcome": "lowered", "mtu": 1300},
            }));
        }
    }
}

/// Neither tcpdump nor tshark knows our code.
fn udp_answers() {
    let pair = Pair::new();
    let _host = scripted::start(&pair.host, Udp::Answers);
    let capture = capture::start(&pair.host, "udp port 3389");
    check(&pair.monitor, &[&Net::Near.v4(HOST)]).is(&json!({
        "state": "ok", "findings": [],
        "udp": {"outcome": "syn_ack", "version": "2", "mtu_up": 1232, "mtu_down": 1232},
    }));
    capture.wait();
    let ours = "udp.dstport == 3389";
    let syns = capture.fields(ours, &["udp.length", "ip.flags.df", "frame.protocols"]);
    assert!(!syns.is_empty() && syns.len() <= 2, "{syns:?}");
    for syn in &syns {
        let fields: Vec<&str> = syn.split('\t').collect();
        // 1232 bytes and the header of UDP.
        assert_eq!(fields.first(), Some(&"1240"), "{syn}");
        assert!(fields.get(1).is_some_and(|df| matches!(*df, "1" | "True")), "{syn}");
        assert!(fields.get(2).is_some_and(|layers| layers.contains("rdpudp")), "{syn}");
    }
    let flags = capture.fields(ours, &["rdpudp.flags", "rdpudp.synex.version"]);
    assert!(flags.iter().all(|line| line.starts_with("0x1001")), "{flags:?}");
    assert_eq!(capture.fields("_ws.malformed", &["frame.number"]), Vec::<String>::new());
}

/// Silence of a host that never answered is no finding.
fn udp_is_silent() {
    let pair = Pair::new();
    let _host = scripted::start(&pair.host, Udp::Silent);
    for target in [Net::Near.v4(HOST), Net::Near.v6(HOST)] {
        check(&pair.monitor, &[&target]).is(&json!({
            "state": "ok", "findings": [],
            "udp": {"outcome": "silent", "version": null, "mtu_up": null},
        }));
    }
}

fn udp_is_closed() {
    let pair = Pair::new();
    let _host = scripted::start(&pair.host, Udp::Closed);
    for target in [Net::Near.v4(HOST), Net::Near.v6(HOST)] {
        check(&pair.monitor, &[&target]).is(&json!({
            "state": "ok", "findings": [], "udp": {"outcome": "unreachable", "version": null},
        }));
    }
}

fn udp_mistakes_us() {
    let pair = Pair::new();
    let _host = scripted::start(&pair.host, Udp::Mistakes);
    check(&pair.monitor, &[&Net::Near.v4(HOST)]).is(&json!({
        "state": "ok", "findings": [], "udp": {"outcome": "malformed", "version": null},
    }));
}

fn udp_filtered() {
    let routed = Routed::new();
    let _host = scripted::start(&routed.host, Udp::Answers);
    let target = Net::Far.v4(HOST);
    for (rule, outcome) in [
        ("udp dport 3389 drop", "silent"),
        ("udp dport 3389 reject with icmp type admin-prohibited", "unreachable"),
    ] {
        firewall::filter(&routed.router, &[rule]);
        check(&routed.monitor, &[&target]).is(&json!({
            "state": "ok", "findings": [], "udp": {"outcome": outcome},
        }));
    }
}

/// A path of 1200 bytes that says nothing: UDP is answered at its small size only, which makes
/// the hole certain.
fn udp_behind_a_small_link() {
    let routed = Routed::new();
    routed.shrink(1200).silence_routers();
    let _host = scripted::start(&routed.host, Udp::Answers);
    check(&routed.monitor, &[&Net::Far.v4(HOST)]).is(&json!({
        "availability": "up", "state": "critical",
        "path": {"outcome": "black_hole", "mtu": 1160, "from": null},
        "udp": {"outcome": "syn_ack", "mtu_up": 1132, "mtu_down": 1132},
        "findings": [{
            "id": "mtu-black-hole", "severity": "critical", "confidence": "certain",
        }],
    }));
}
