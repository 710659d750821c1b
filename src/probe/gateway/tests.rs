//! What needs a gateway that cheats, or a process that was stopped.

use super::*;
use crate::domain::target::GatewayUsage;
use crate::probe::resolve::{Resolver, ResolverSettings, SystemDns};
use crate::probe::tls::provider;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

const NAME: &str = "gw.lab.test";

fn address() -> GatewayAddress {
    GatewayAddress { host: Host::Name(NAME.to_owned()), port: 443, usage: GatewayUsage::Always }
}

/// Shows a certificate whose key it may not have.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A self-signed certificate with its own key, and a key that is not its own.
fn certificate() -> (CertificateDer<'static>, KeyPair, KeyPair) {
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let params = CertificateParams::new([NAME.to_owned()]).unwrap();
    let certificate = params.self_signed(&own).unwrap().der().clone();
    (certificate, own, other)
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider().key_provider.load_private_key(key).unwrap();
    let shown = Arc::new(CertifiedKey::new(vec![certificate], key));
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(shown)));
    TlsAcceptor::from(Arc::new(config))
}

/// What a gateway says after the request.
enum Says {
    /// 401 with one scheme.
    Challenge,
    /// Bytes that are no record.
    Garbage,
    /// A head that never ends, each byte in a record of its own.
    Drops,
}

/// A look over a pipe at a gateway with this key.
async fn seen_with(
    roots: &Roots,
    server: TlsAcceptor,
    says: Says,
) -> (GatewayTls, Option<GatewayHttp>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let serving = tokio::spawn(async move {
        let mut session = server.accept(theirs).await.unwrap();
        let mut chunk = [0; 2048];
        let _request = session.read(&mut chunk).await.unwrap();
        match says {
            Says::Challenge => {
                session.write_all(&rdg::answer(401, &["NTLM"], None)).await.unwrap();
                let _gone = session.shutdown().await;
            }
            Says::Garbage => session.get_mut().0.write_all(&[b'x'; 64]).await.unwrap(),
            Says::Drops => {
                session.write_all(b"HTTP/1.1 401 x\r\nA: ").await.unwrap();
                while session.write_all(b"a").await.is_ok() && session.flush().await.is_ok() {}
            }
        }
    });
    let names = Resolver::new(ResolverSettings::default(), SystemDns::default()).unwrap();
    let (address, deadlines) = (address(), Deadlines::default());
    let asking = Asking {
        address: &address,
        names: &names,
        deadlines: &deadlines,
        roots: Arc::new(roots.clone()),
        clock: Clock::start(),
    };
    let name = server_name(address.host.name(), [127, 0, 0, 1].into());
    let seen = modern(&asking, &name, ours, Duration::from_millis(250)).await;
    serving.await.unwrap();
    seen
}

#[tokio::test]
async fn a_gateway_that_says_no_tls_or_too_much_of_it_did_not_close() {
    for (says, reason) in
        [(Says::Garbage, "bytes that are not TLS"), (Says::Drops, "more than 48 KiB")]
    {
        let (certificate, own, _) = certificate();
        let (_, http) = seen_with(&Roots::of([]), acceptor(certificate, &own), says).await;
        let http = http.unwrap();
        let GatewayAnswer::Malformed(misread) = http.answer else { panic!("{http:?}") };
        assert_eq!((misread.offset, misread.reason), (http.received, reason));
    }
}

#[test]
fn how_a_gateways_session_ends_is_told_apart() {
    let alert = rustls::Error::AlertReceived(rustls::AlertDescription::AccessDenied);
    assert_eq!(ended(&io::Error::other(alert), 0), GatewayAnswer::Closed);
    for (kind, answer) in [
        (io::ErrorKind::UnexpectedEof, GatewayAnswer::Closed),
        (io::ErrorKind::ConnectionReset, GatewayAnswer::Closed),
        (io::ErrorKind::HostUnreachable, GatewayAnswer::Timeout),
    ] {
        assert_eq!(ended(&io::Error::from(kind), 0), answer, "{kind}");
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_not_acceptable_and_the_question_is_asked_all_the_same() {
    let (certificate, own, other) = certificate();
    let roots = Roots::of([certificate.clone()]);
    let (tls, http) = seen_with(&roots, acceptor(certificate.clone(), &own), Says::Challenge).await;
    assert_eq!(tls.trust, ChainTrust::Trusted);
    assert_eq!(http.unwrap().answer, GatewayAnswer::Challenge);
    let (tls, http) = seen_with(&roots, acceptor(certificate, &other), Says::Challenge).await;
    assert_eq!((tls.outcome, tls.trust), (TlsOutcome::Ok, ChainTrust::Invalid));
    assert_eq!(http.unwrap().answer, GatewayAnswer::Challenge);
}

#[test]
fn a_chain_read_by_hand_is_judged_as_in_a_handshake() {
    let ((certificate, ..), (stranger, ..)) = (certificate(), certificate());
    let name = server_name(Some(NAME), [127, 0, 0, 1].into());
    let chain = [certificate.to_vec()];
    let judged = |roots: &Roots, chain: &[Vec<u8>]| judge_chain(roots, chain, &name, Clock::wall());
    assert_eq!(judged(&Roots::of([certificate.clone()]), &chain), ChainTrust::Trusted);
    assert_eq!(judged(&Roots::of([]), &chain), ChainTrust::NotValidated);
    assert_eq!(judged(&Roots::of([stranger]), &chain), ChainTrust::UnknownIssuer);
    assert_eq!(judged(&Roots::of([certificate]), &[]), ChainTrust::NotValidated);
    let garbage = [vec![0x30, 0x03, 0x02, 0x01, 0x00]];
    assert_eq!(judged(&Roots::of([]), &garbage), ChainTrust::Invalid);
    assert!(Roots::of([]).is_empty());
}

#[test]
fn a_gateway_is_not_blamed_while_this_process_was_stopped() {
    let deadlines = Deadlines::default();
    let with = |elapsed| {
        let tls = tls_of(TlsOutcome::Ok, None, None, Duration::from_millis(20));
        let answer = GatewayAnswer::Closed;
        let (schemes, location) = (Vec::new(), None);
        let http = GatewayHttp { answer, status: None, schemes, location, received: 0, elapsed };
        Gateway {
            host: NAME.to_owned(),
            port: 443,
            name: NameOutcome::Ok,
            connect: None,
            tls: Some(tls),
            http: Some(http),
            elapsed,
        }
    };
    assert!(!stalled(&with(deadlines.gateway), &deadlines));
    assert!(stalled(&with(deadlines.gateway + Duration::from_secs(30)), &deadlines));
}

#[test]
fn a_zone_is_for_link_local_addresses_only() {
    let scope = |text: &str| match socket_addr(text.parse().unwrap(), 443, 7) {
        SocketAddr::V6(v6) => v6.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    assert_eq!([scope("fe80::1"), scope("2001:db8::1"), scope("10.0.0.1")], [7, 0, 0]);
}
