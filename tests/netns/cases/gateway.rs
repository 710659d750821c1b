//! Real HTTPS servers in the place of an RD Gateway, and nftables before them.

use super::{Case, NAME, good_xrdp};
use crate::certificate::{self, Files};
use crate::firewall;
use crate::lab::{HOST, Lab, Machine, Net, OTHER};
use crate::process::Daemon;
use crate::program::check;
use crate::report::Report;
use serde_json::{Value, json};
use std::fs;

const SERVER: &[&str] = &["xrdp", "nft", "python3"];

pub(super) const CASES: &[Case] = &[
    Case::new("gateway::healthy_before_a_host_that_is_filtered", SERVER, healthy),
    Case::new("gateway::certificate_for_another_name", SERVER, another_name),
    Case::new("gateway::authority_unknown_here", SERVER, unknown_authority),
    Case::new("gateway::a_web_server_that_knows_no_such_method", SERVER, plain_web_server),
    Case::new("gateway::nothing_listens", SERVER, nothing_listens),
    Case::new("gateway::filtered", SERVER, filtered),
    Case::new("gateway::after_the_direct_way", SERVER, after_the_direct_way),
    Case::new("gateway::suites_of_2012", &["xrdp", "nft", "openssl"], old_suites),
    Case::new("gateway::nothing_above_tls_1_0", &["xrdp", "nft", "openssl"], old_versions),
];

const GATEWAY: &str = "gw.lab";

/// Python's own HTTPS server, with the answer of a gateway where it is to have one.
const PYTHON: &str = r#"
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def rdg(self):
        assert self.path == "/remoteDesktopGateway/" and "Authorization" not in self.headers
        assert self.headers["RDG-Connection-Id"] and self.headers["Host"] == "gw.lab"
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Negotiate")
        self.send_header("WWW-Authenticate", "NTLM")
        self.send_header("Content-Length", "0")
        self.end_headers()
if sys.argv[3] == "gateway":
    Handler.do_RDG_OUT_DATA = Handler.rdg
server = http.server.ThreadingHTTPServer(("", 443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"#;

/// A monitor, a host with xrdp whose port only the gateway's machine may reach, and that machine.
struct Gated {
    monitor: Machine,
    gateway: Machine,
    _host: Daemon,
    _lab: Lab,
}

impl Gated {
    fn new(usage: &str) -> Self {
        let mut lab = Lab::new();
        let (monitor, host) = (lab.monitor(), lab.host());
        let gateway = lab.machine("gateway", OTHER);
        let hosts = format!(
            "127.0.0.1 localhost\n{} {NAME}\n{} {GATEWAY}\n",
            Net::Near.v4(HOST),
            Net::Near.v4(OTHER)
        );
        monitor.file("hosts", &hosts);
        let xrdp = good_xrdp(&host, "HOST");
        let only = format!("tcp dport 3389 ip saddr != {} drop", Net::Near.v4(OTHER));
        firewall::filter(&host, &[&only, "icmp type echo-request drop"]);
        trust(&monitor);
        let folder = monitor.path("config").join("rdpwatch");
        fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "[[target]]\nname = \"behind\"\nhost = \"{NAME}\"\ngateway = \"{GATEWAY}\"\n\
             gateway_usage = \"{usage}\"\n"
        );
        fs::write(folder.join("config.toml"), text).unwrap();
        crate::lab::open_to_all(&monitor.path("config"));
        Self { monitor, gateway, _host: xrdp, _lab: lab }
    }

    fn python(&self, files: &Files, what: &str) -> Daemon {
        let script = self.gateway.path("server.py");
        fs::write(&script, PYTHON).unwrap();
        let mut line = self.gateway.command("python3");
        line.arg(script).arg(&files.certificate).arg(&files.key).arg(what);
        let mut server = Daemon::start(&mut line, "python3", &self.gateway.path("python.log"));
        server.wait_until(|server| server.listens(443));
        server
    }

    fn openssl(&self, files: &Files, arguments: &[&str]) -> Daemon {
        let mut line = self.gateway.command("openssl");
        line.args(["s_server", "-accept", "443", "-quiet", "-www"]).args(arguments);
        line.arg("-cert").arg(&files.certificate).arg("-key").arg(&files.key);
        let mut server = Daemon::start(&mut line, "openssl", &self.gateway.path("openssl.log"));
        server.wait_until(|server| server.listens(443));
        server
    }

    fn certificate(&self, name: &str) -> Files {
        certificate::issued(&self.gateway.folder, name, 88)
    }

    fn check(&self) -> Report {
        check(&self.monitor, &[])
    }
}

/// The machine trusts the lab's authority, by its own list of authorities and nothing else.
fn trust(machine: &Machine) {
    machine.file_below("ssl/certs/ca-certificates.crt", &certificate::authority());
}

fn healthy() {
    let gated = Gated::new("always");
    let _server = gated.python(&gated.certificate(GATEWAY), "gateway");
    gated.check().is(&json!({
        "state": "ok", "risk": "unknown", "findings": [],
        "tcp": {"outcome": "timeout"}, "x224": null,
        "gateway": {
            "host": GATEWAY, "port": 443, "usage": "always", "outcome": "challenge",
            "name": "ok", "address": Net::Near.v4(OTHER), "tcp": {"outcome": "open"},
            "tls": {
                "outcome": "ok", "version": "TLS1.3", "trust": "trusted",
                "certificate": {"days_left": 88, "name_matches": true},
            },
            "http": {"outcome": "challenge", "status": 401, "schemes": ["Negotiate", "NTLM"]},
        },
    }));
}

/// The gateway answers, and this is what is said of its certificate.
fn with_certificate(gated: &Gated, files: &Files, expected: &Value) {
    let _server = gated.python(files, "gateway");
    gated.check().is(expected).is(&json!({"gateway": {"outcome": "challenge"}}));
}

fn another_name() {
    let gated = Gated::new("always");
    let expected = json!({
        "state": "critical",
        "gateway": {"tls": {"trust": "wrong_name"}},
        "expected_client_error": {"code": "0x3000006"},
        "findings": [{"id": "gateway-certificate", "severity": "critical"}],
    });
    with_certificate(&gated, &gated.certificate("web.lab"), &expected);
}

fn unknown_authority() {
    let gated = Gated::new("always");
    let expected = json!({
        "state": "critical",
        "gateway": {"tls": {"trust": "unknown_issuer", "certificate": {"self_signed": true}}},
        "findings": [{"id": "gateway-certificate", "severity": "critical", "confidence": "likely"}],
    });
    let own = certificate::windows(&gated.gateway.folder, GATEWAY, 170);
    with_certificate(&gated, &own, &expected);
}

fn plain_web_server() {
    let gated = Gated::new("always");
    let _server = gated.python(&gated.certificate(GATEWAY), "web");
    gated.check().is(&json!({
        "state": "critical",
        "gateway": {
            "outcome": "method_filtered", "tls": {"trust": "trusted"}, "http": {"status": 501},
        },
        "findings": [{"id": "gateway-not-answering", "severity": "critical", "owner": "security"}],
    }));
}

fn unreachable(tcp: &str) -> Value {
    json!({
        "state": "critical",
        "gateway": {"outcome": "no_tcp", "tcp": {"outcome": tcp}, "tls": null, "http": null},
        "expected_client_error": {"code": "0x300000c"},
        "findings": [{"id": "gateway-unreachable", "severity": "critical"}],
    })
}

fn nothing_listens() {
    Gated::new("always").check().is(&unreachable("refused"));
}

fn filtered() {
    let gated = Gated::new("always");
    let _server = gated.python(&gated.certificate(GATEWAY), "gateway");
    firewall::filter(&gated.gateway, &["tcp dport 443 drop"]);
    gated.check().is(&unreachable("timeout"));
}

/// The direct way is judged as without a gateway, and the gateway is fine.
fn after_the_direct_way() {
    let gated = Gated::new("when-direct-fails");
    let _server = gated.python(&gated.certificate(GATEWAY), "gateway");
    gated.check().is(&json!({
        "state": "critical",
        "gateway": {"usage": "when-direct-fails", "outcome": "challenge"},
        "findings": [{"severity": "critical"}],
        "tcp": {"outcome": "timeout"},
    }));
}

/// What Windows Server 2012 R2 chooses is enough for clients and not for this program's question.
fn old_suites() {
    let gated = Gated::new("always");
    let arguments = ["-tls1_2", "-cipher", "AES128-SHA:AES256-SHA:@SECLEVEL=0"];
    let _server = gated.openssl(&gated.certificate(GATEWAY), &arguments);
    gated.check().is(&json!({
        "state": "unknown", "findings": [],
        "gateway": {
            "outcome": "old_tls", "http": null,
            "tls": {"outcome": "ok", "hello": "legacy", "version": "TLS1.2", "trust": "trusted"},
        },
    }));
}

fn old_versions() {
    let gated = Gated::new("always");
    let arguments = ["-tls1", "-cipher", "ALL:@SECLEVEL=0"];
    let _server = gated.openssl(&gated.certificate(GATEWAY), &arguments);
    gated.check().is(&json!({
        "state": "critical",
        "gateway": {"outcome": "old_tls", "tls": {"version": "TLS1.0"}},
        "findings": [{"id": "gateway-unreachable", "severity": "critical"}],
    }));
}
