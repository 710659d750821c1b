//! xrdp: a real RDP server with TLS and without NLA. The handshake needs no session manager.

use crate::certificate::Files;
use crate::lab::Machine;
use crate::process::Daemon;
use std::fs;
use std::path::PathBuf;

/// What xrdp is told beside its certificate.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `negotiate`, `tls` or `rdp`.
    pub(crate) security_layer: &'static str,
    /// Such as `TLSv1.2, TLSv1.3`.
    pub(crate) protocols: &'static str,
    /// Suites of TLS 1.2 and below, in OpenSSL's words.
    pub(crate) ciphers: &'static str,
    /// Certificate and key.
    pub(crate) files: Files,
}

impl Settings {
    pub(crate) const fn new(files: Files) -> Self {
        let (protocols, ciphers) = ("TLSv1.2, TLSv1.3", "ALL:@SECLEVEL=0");
        Self { security_layer: "negotiate", protocols, ciphers, files }
    }

    pub(crate) const fn layer(mut self, layer: &'static str) -> Self {
        self.security_layer = layer;
        self
    }

    pub(crate) const fn protocols(mut self, protocols: &'static str) -> Self {
        self.protocols = protocols;
        self
    }

    /// TLS 1.2 with these suites alone.
    pub(crate) const fn suites(mut self, ciphers: &'static str) -> Self {
        self.protocols = "TLSv1.2";
        self.ciphers = ciphers;
        self
    }

    /// A key file that cannot be read, as with damaged rights on it.
    pub(crate) fn without_key(mut self) -> Self {
        self.files.key = PathBuf::from("/nonexistent/key.pem");
        self
    }
}

/// OpenSSL as old servers run it: every version and key size.
const OLD_OPENSSL: &str = "\
openssl_conf = lab
[lab]
ssl_conf = ssl
[ssl]
system_default = old
[old]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
";

/// Starts xrdp on `machine`, port 3389 of every address, and waits until it listens.
pub(crate) fn start(machine: &Machine, settings: &Settings) -> Daemon {
    let ini = machine.path("xrdp.ini");
    let openssl = machine.path("openssl.cnf");
    fs::write(&openssl, OLD_OPENSSL).unwrap();
    fs::write(&ini, configuration(machine, settings)).unwrap();
    let mut line = machine.command("xrdp");
    line.arg("--nodaemon").arg("--config").arg(&ini).env("OPENSSL_CONF", &openssl);
    let mut daemon = Daemon::start(&mut line, "xrdp", &machine.path("xrdp.out"));
    daemon.wait_until(|xrdp| xrdp.listens(3389));
    daemon
}

fn configuration(machine: &Machine, settings: &Settings) -> String {
    format!(
        "[Globals]\nini_version=1\nfork=true\nport=3389\ntcp_nodelay=true\n\
         security_layer={layer}\ncrypt_level=high\ncertificate={certificate}\nkey_file={key}\n\
         ssl_protocols={protocols}\ntls_ciphers={ciphers}\n\
         [Logging]\nLogFile={log}\nLogLevel=INFO\nEnableSyslog=false\n\
         [Xorg]\nname=Xorg\nlib=libxup.so\nip=127.0.0.1\nport=-1\ncode=20\n",
        layer = settings.security_layer,
        certificate = settings.files.certificate.display(),
        key = settings.files.key.display(),
        protocols = settings.protocols,
        ciphers = settings.ciphers,
        log = machine.path("xrdp.log").display(),
    )
}
