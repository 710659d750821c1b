//! A webhook over TLS, told by the compiled program.

use super::program::{Done, Home};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

/// An authority in PEM, and a server for `localhost` whose certificate it signed.
fn server() -> (String, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).expect("an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("an authority");
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&own, &issuer).expect("a certificate");
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("a server");
    (authority.pem(), config)
}

/// Answers each connection with 200 after its request, and returns what one that came through
/// asked for.
fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) -> Option<String> {
    let (stream, _) = listener.accept().expect("a connection");
    let session = ServerConnection::new(Arc::clone(config)).expect("a session");
    let mut session = StreamOwned::new(session, stream);
    let mut request = Vec::new();
    let mut chunk = [0; 4_096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match session.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
    }
    session.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
    session.flush().expect("an answer");
    Some(String::from_utf8_lossy(&request).into_owned())
}

#[test]
fn a_webhook_over_tls_is_told_where_its_certificate_is_trusted_and_only_there() {
    let (authority, config) = server();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let config = Arc::new(config);
    let home = Home::new();
    let trusted = home.write("authority.pem", &authority);
    let (other, _) = server();
    let untrusted = home.write("other.pem", &other);
    let sink = "[[sink]]\ntype = 'webhook'\nurl_env = 'HOOK'\ntoken_env = 'TOKEN'\n";
    let file = home.write("sinks.toml", sink);
    let told = |authorities: &str| {
        std::thread::scope(|scope| {
            let served = scope.spawn(|| serve(&listener, &config));
            let mut command = home.command(&["alert", "test", "-c", &file]);
            command.env("SSL_CERT_FILE", authorities).env_remove("SSL_CERT_DIR");
            command.env("HOOK", format!("https://localhost:{port}/T0/hunter2"));
            command.env("TOKEN", "hunter3");
            let done = Done::of(&mut command);
            (done, served.join().expect("a server"))
        })
    };
    let (done, request) = told(&trusted);
    assert_eq!((done.out.as_str(), done.code), ("webhook (webhook): told\n", Some(0)), "{done:?}");
    let request = request.expect("a request");
    assert!(request.starts_with("POST /T0/hunter2 HTTP/1.1\r\nHost: localhost:"), "{request}");
    assert!(request.contains("Authorization: Bearer hunter3\r\n"), "{request}");
    let (done, request) = told(&untrusted);
    assert_eq!((request, done.code), (None, Some(1)));
    assert!(done.out.contains("not told: no TLS"), "{done:?}");
    for secret in ["hunter2", "hunter3"] {
        assert!(!format!("{done:?}").contains(secret), "{done:?}");
    }
}

/// What only this machine can know is told beside the answer, and is no mistake of the file.
#[test]
fn a_sink_that_cannot_tell_anybody_is_noted_by_config_check() {
    let home = Home::new();
    let file = "[[sink]]\ntype = \"webhook\"\nurl_env = \"RDPWATCH_TEST_NO_SUCH\"\n\
                [[sink]]\ntype = \"exec\"\ncommand = [\"/no/such/pager\"]\n\
                [[sink]]\ntype = \"file\"\npath = \"/no/such/folder/alerts\"\n\
                [[sink]]\ntype = \"bell\"\n[[sink]]\ntype = \"bell\"\n";
    let path = home.write("config.toml", file);
    let done = home.run(&["--config", &path, "config", "check"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let notes: Vec<&str> = done.err.lines().filter(|line| line.contains("note: sink")).collect();
    assert_eq!(notes.len(), 3, "{done:?}");
    for (note, problem) in notes.iter().zip([
        "sink webhook (webhook) tells nobody here: the variable RDPWATCH_TEST_NO_SUCH is not set",
        "sink exec (exec) tells nobody here: there is no program /no/such/pager",
        "sink file (file) tells nobody here: it cannot be written",
    ]) {
        assert!(note.contains(problem), "{note}");
    }
    let shown = home.run(&["--config", &path, "config", "show"]);
    assert!(shown.out.contains("name = \"bell 2\""), "{shown:?}");
}
