//! Scripted gateways, seen by the probe with authorities of its own, and by `check` as a script
//! runs it, with the same authority named in `SSL_CERT_FILE`.

use crate::check::check_with;
use rdpwatch::demo::certificate::{CertificateSpec, authority};
use rdpwatch::demo::dns::{DnsServer, Reply, Table};
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::{Answer, HostScript, HttpEnd, Then, TlsScript, Turn};
use rdpwatch::domain::sample::{
    ChainTrust, ConnectOutcome, Gateway, GatewayAnswer, GatewayStage, Misread, NameOutcome,
    TlsOutcome,
};
use rdpwatch::domain::target::{Deadlines, GatewayAddress, GatewayUsage, Host as Place, TargetId};
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::gateway::{Gateways, Roots};
use rdpwatch::probe::resolve::{Resolver, ResolverSettings, SystemDns};
use rdpwatch::proto::rdg::answer;
use rustls::pki_types::CertificateDer;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NAME: &str = "gw.lab.test";
const AUTHORITY: &str = "Lab Root CA";

/// One kind of gateway, and what must be made of it.
struct Kind {
    name: &'static str,
    script: HostScript,
    stage: GatewayStage,
    trust: ChainTrust,
    /// What `check` finds, worst first.
    findings: &'static [&'static str],
}

fn good() -> CertificateSpec {
    CertificateSpec::issued(NAME, AUTHORITY, 88)
}

fn says(bytes: Vec<u8>) -> HostScript {
    HostScript::gateway(good(), Answer::Bytes(bytes))
}

fn healthy(certificate: CertificateSpec) -> HostScript {
    HostScript::gateway(certificate, Answer::Bytes(answer(401, &["Negotiate", "NTLM"], None)))
}

fn answers(name: &'static str, script: HostScript, stage: GatewayAnswer) -> Kind {
    let findings: &[&str] =
        if stage == GatewayAnswer::Challenge { &[] } else { &["gateway-not-answering"] };
    let stage = GatewayStage::Answered(stage);
    Kind { name, script, stage, trust: ChainTrust::Trusted, findings }
}

fn presents(name: &'static str, certificate: CertificateSpec, trust: ChainTrust) -> Kind {
    let kind = answers(name, healthy(certificate), GatewayAnswer::Challenge);
    Kind { trust, findings: &["gateway-certificate"], ..kind }
}

fn fails(name: &'static str, script: HostScript, stage: GatewayStage) -> Kind {
    Kind {
        name,
        script,
        stage,
        trust: ChainTrust::NotValidated,
        findings: &["gateway-unreachable"],
    }
}

fn kinds() -> Vec<Kind> {
    let malformed = |offset, reason| GatewayAnswer::Malformed(Misread { offset, reason });
    let tls = |script| HostScript::always(Turn::ends(Then::Tls(script)));
    let silent = Turn::gateway(good(), Answer::Nothing, HttpEnd::Silence);
    let drip = Answer::Drip(answer(401, &["NTLM"], None), Duration::from_millis(300));
    let head = b"HTTP/1.1 401 x\r\nA: ";
    let flood = Answer::Bytes([head.as_slice(), &vec![b'a'; 10 << 20]].concat());
    let zeros = Answer::Flood { head: head.to_vec(), total: 10 << 20 };
    let self_signed = CertificateSpec { alt_names: vec![NAME.into()], ..windows() };
    let common_name_only = CertificateSpec { alt_names: Vec::new(), ..good() };
    vec![
        answers("healthy", healthy(good()), GatewayAnswer::Challenge),
        answers("cn-only", healthy(common_name_only), GatewayAnswer::Challenge),
        answers("no-schemes", says(answer(401, &[], None)), GatewayAnswer::NoSchemes),
        answers("iis-only", says(answer(404, &[], None)), GatewayAnswer::NotFound),
        answers("filter", says(answer(405, &[], None)), GatewayAnswer::MethodFiltered),
        answers("filter-501", says(answer(501, &[], None)), GatewayAnswer::MethodFiltered),
        answers("stopped", says(answer(503, &[], None)), GatewayAnswer::Unavailable),
        answers("portal", says(answer(302, &[], Some("https://sso/"))), GatewayAnswer::Redirected),
        answers("forbidden", says(answer(403, &[], None)), GatewayAnswer::OtherStatus),
        answers("silent", HostScript::always(silent), GatewayAnswer::Timeout),
        answers(
            "drip",
            HostScript::always(Turn::gateway(good(), drip, HttpEnd::Fin)),
            GatewayAnswer::Timeout,
        ),
        answers("closes", HostScript::gateway(good(), Answer::Nothing), GatewayAnswer::Closed),
        answers("cut-off", says(b"HTTP/1.1 401 Unauth".to_vec()), GatewayAnswer::Closed),
        answers("garbage", says(vec![3, 0, 0, 19, 14]), malformed(0, "no HTTP version")),
        answers(
            "flood",
            HostScript::gateway(good(), flood),
            malformed(16 * 1024, "a head above 16 KiB"),
        ),
        answers(
            "zeros",
            HostScript::gateway(good(), zeros),
            malformed(19, "no value of a header field"),
        ),
        presents("expired", CertificateSpec::issued(NAME, AUTHORITY, -9), ChainTrust::Expired),
        presents("early", good().valid_in(2), ChainTrust::NotYetValid),
        presents(
            "other-name",
            CertificateSpec::issued("web.lab.test", AUTHORITY, 88),
            ChainTrust::WrongName,
        ),
        presents("self-signed", self_signed, ChainTrust::UnknownIssuer),
        presents(
            "stranger",
            CertificateSpec::issued(NAME, "Somebody's CA", 88),
            ChainTrust::UnknownIssuer,
        ),
        fails("closed-port", HostScript::closed(), GatewayStage::NoTcp),
        fails("alert", tls(TlsScript::alert(40)), GatewayStage::NoTls),
        fails("tls-fin", tls(TlsScript::Fin), GatewayStage::NoTls),
        fails("tls-silent", tls(TlsScript::Silence), GatewayStage::NoTls),
        fails(
            "plain",
            tls(TlsScript::Bytes(b"HTTP/1.1 400 x\r\n\r\n".to_vec())),
            GatewayStage::NoTls,
        ),
        Kind {
            trust: ChainTrust::Trusted,
            ..fails("tls1.0", tls(TlsScript::tls1_0(good())), GatewayStage::OldTls)
        },
        Kind {
            trust: ChainTrust::Trusted,
            findings: &[],
            ..fails("static-rsa", tls(TlsScript::static_rsa(good())), GatewayStage::OldTls)
        },
    ]
}

fn windows() -> CertificateSpec {
    CertificateSpec::windows("GW01", 100)
}

fn roots() -> Roots {
    let (der, _) = authority(AUTHORITY, Clock::wall()).expect("an authority");
    Roots::of([CertificateDer::from(der)])
}

async fn lab_dns() -> DnsServer {
    let names = [NAME, "gone.lab.test"];
    let reply = |name: &str| {
        if name == NAME { Reply::Addresses(vec![LOOPBACK]) } else { Reply::NxDomain }
    };
    let table: Table = names.iter().map(|name| ((*name).to_owned(), reply(name).into())).collect();
    DnsServer::start(&table, LOOPBACK).await.expect("it starts")
}

fn resolver(dns: &DnsServer) -> Resolver {
    let settings = ResolverSettings { servers: Some(vec![dns.address()]), ..Default::default() };
    Resolver::new(settings, SystemDns::default()).expect("a resolver")
}

fn at(name: &str, port: u16) -> GatewayAddress {
    GatewayAddress { host: Place::Name(name.to_owned()), port, usage: GatewayUsage::Always }
}

fn quick() -> Deadlines {
    Deadlines { gateway: Duration::from_secs(2), ..Deadlines::default() }
}

async fn look(
    gateways: &Gateways,
    names: &Resolver,
    target: u32,
    address: &GatewayAddress,
) -> Gateway {
    let fresh = Duration::from_secs(150);
    let (deadlines, clock) = (quick(), Clock::start());
    gateways.ask(TargetId(target), address, fresh, names, &deadlines, clock).await.1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_gateway_is_seen_as_it_is() {
    let dns = lab_dns().await;
    let names = resolver(&dns);
    let gateways = Gateways::trusting(roots());
    let mut wrong = Vec::new();
    for kind in kinds() {
        let host = Host::start(&kind.script, (LOOPBACK, 0).into()).await.expect("it starts");
        let found = look(&gateways, &names, 0, &at(NAME, host.address().port())).await;
        let trust = found.tls.as_ref().map_or(ChainTrust::NotValidated, |tls| tls.trust);
        if (found.stage(), trust) != (kind.stage, kind.trust) {
            wrong.push(format!(
                "{}: {:?} {trust:?}, expected {:?} {:?}",
                kind.name,
                found.stage(),
                kind.stage,
                kind.trust
            ));
        }
        let received = found.http.as_ref().map_or(0, |http| http.received);
        assert!(received <= 16 * 1024, "{}: {received} bytes kept", kind.name);
        assert!(found.elapsed < Duration::from_secs(5), "{}: {:?}", kind.name, found.elapsed);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healthy_gateway_says_all_there_is_to_know() {
    let dns = lab_dns().await;
    let names = resolver(&dns);
    let host = Host::start(&healthy(good()), (LOOPBACK, 0).into()).await.expect("it starts");
    let found =
        look(&Gateways::trusting(roots()), &names, 0, &at(NAME, host.address().port())).await;
    assert_eq!(found.name, NameOutcome::Ok);
    assert_eq!(found.connect.map(|connect| connect.outcome), Some(ConnectOutcome::Open));
    let tls = found.tls.expect("TLS");
    assert_eq!((tls.outcome, tls.presented), (TlsOutcome::Ok, 1));
    assert_eq!(tls.certificate.map(|leaf| leaf.names), Some(vec![NAME.to_owned()]));
    let http = found.http.expect("an answer");
    assert_eq!((http.status, http.schemes), (Some(401), vec!["Negotiate".into(), "NTLM".into()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_nowhere_is_not_dialled() {
    let dns = lab_dns().await;
    let found =
        look(&Gateways::trusting(roots()), &resolver(&dns), 0, &at("gone.lab.test", 443)).await;
    assert_eq!((found.name, found.stage()), (NameOutcome::NxDomain, GatewayStage::NoName));
    assert!(found.connect.is_none() && found.tls.is_none() && found.http.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_authorities_nothing_is_called_trusted_and_dates_and_names_still_count() {
    let dns = lab_dns().await;
    let names = resolver(&dns);
    let blind = Gateways::trusting(Roots::of([]));
    for (certificate, expected) in [
        (good(), ChainTrust::NotValidated),
        (CertificateSpec::issued(NAME, AUTHORITY, -9), ChainTrust::Expired),
        (good().valid_in(2), ChainTrust::NotYetValid),
        (CertificateSpec::issued("web.lab.test", AUTHORITY, 88), ChainTrust::WrongName),
    ] {
        let host = Host::start(&healthy(certificate), (LOOPBACK, 0).into()).await.expect("starts");
        let found = look(&blind, &names, 0, &at(NAME, host.address().port())).await;
        assert_eq!(found.tls.map(|tls| tls.trust), Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_self_signed_certificate_that_was_handed_out_is_trusted() {
    let dns = lab_dns().await;
    let names = resolver(&dns);
    let own = CertificateSpec { alt_names: vec![NAME.into()], ..windows() };
    let host = Host::start(&healthy(own), (LOOPBACK, 0).into()).await.expect("it starts");
    let address = at(NAME, host.address().port());
    let seen = look(&Gateways::trusting(roots()), &names, 0, &address).await;
    assert_eq!(seen.tls.as_ref().map(|tls| tls.trust), Some(ChainTrust::UnknownIssuer));
    // The authority of the same name and key is what was handed out.
    let (der, _) = authority("GW01", Clock::wall()).expect("an authority");
    let trusting = Gateways::trusting(Roots::of([CertificateDer::from(der)]));
    let seen = look(&trusting, &names, 0, &address).await;
    assert_eq!(seen.tls.map(|tls| tls.trust), Some(ChainTrust::Trusted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn targets_behind_one_gateway_share_an_answer_and_nobody_is_told_it_twice() {
    let dns = lab_dns().await;
    let names = resolver(&dns);
    let host = Host::start(&healthy(good()), (LOOPBACK, 0).into()).await.expect("it starts");
    let gateways = Gateways::trusting(roots());
    let address = at(NAME, host.address().port());
    let upper = at(&NAME.to_uppercase(), host.address().port());
    let all = (0..50).map(|target| {
        look(&gateways, &names, target, if target % 2 == 0 { &address } else { &upper })
    });
    let found = futures_util::future::join_all(all).await;
    assert!(found.iter().all(Gateway::answers));
    assert_eq!(host.connections(), 1, "one connection for fifty targets");
    look(&gateways, &names, 7, &address).await;
    assert_eq!(host.connections(), 2, "the same target is told something new");
    look(&gateways, &names, 8, &address).await;
    assert_eq!(host.connections(), 2, "and the others of it");
    let clock = Clock::start();
    let stale = Duration::ZERO;
    gateways.ask(TargetId(9), &address, stale, &names, &quick(), clock).await;
    assert_eq!(host.connections(), 3, "an old answer is none");
}

/// A configuration with a host that refuses directly behind each gateway.
fn configuration(gateways: &[(String, SocketAddr)], dns: &DnsServer, refuses: u16) -> String {
    let mut text = format!("dns = [\"{}\"]\n[deadline]\ngateway = \"2s\"\n", dns.address());
    for (name, gateway) in gateways {
        let port = gateway.port();
        let _ = write!(
            text,
            "[[target]]\nname = \"{name}\"\nhost = \"{LOOPBACK}\"\nport = {refuses}\n\
             gateway = \"{NAME}:{port}\"\n"
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_tells_every_kind_of_gateway() {
    let dns = lab_dns().await;
    let refusing = Host::start(&HostScript::closed(), (LOOPBACK, 0).into()).await.expect("starts");
    let kinds = kinds();
    let mut hosts = Vec::new();
    for kind in &kinds {
        hosts.push(Host::start(&kind.script, (LOOPBACK, 0).into()).await.expect("it starts"));
    }
    let places: Vec<(String, SocketAddr)> = kinds
        .iter()
        .zip(&hosts)
        .map(|(kind, host)| (kind.name.to_owned(), host.address()))
        .collect();
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("config.toml");
    let text = configuration(&places, &dns, refusing.address().port());
    std::fs::write(&file, text).expect("written");
    let root = home.path().join("root.pem");
    let (_, pem) = authority(AUTHORITY, Clock::wall()).expect("an authority");
    std::fs::write(&root, pem).expect("written");
    let arguments = vec!["--config".to_owned(), file.display().to_string()];
    let environment = [("SSL_CERT_FILE", root.display().to_string())];
    let (code, document) = check_with(arguments, &environment).await;
    let mut wrong = Vec::new();
    for (kind, report) in kinds.iter().zip(document["targets"].as_array().expect("a list")) {
        let ids: Vec<&str> = report["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|finding| finding["id"].as_str())
            .collect();
        let seen = (
            report["name"].as_str().unwrap_or_default(),
            report["gateway"]["outcome"].as_str().unwrap_or_default(),
            report["gateway"]["tls"]["trust"].as_str().unwrap_or("not_validated"),
            ids.as_slice(),
        );
        let expected = (kind.name, kind.stage.word(), kind.trust.word(), kind.findings);
        if seen != expected {
            wrong.push(format!("{seen:?}, expected {expected:?}"));
        }
        let healthy = kind.stage == GatewayStage::Answered(GatewayAnswer::Challenge)
            && kind.findings.is_empty();
        assert_eq!(report["state"] == "ok", healthy, "{}: {report:#}", kind.name);
        assert_eq!(report["tcp"]["outcome"], "refused", "{}", kind.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(code, Some(2));
    let healthy = &document["targets"][0];
    assert_eq!(healthy["gateway"]["http"]["schemes"], serde_json::json!(["Negotiate", "NTLM"]));
    assert_eq!(healthy["gateway"]["tls"]["certificate"]["days_left"], 88);
    assert_eq!(healthy["risk"], "unknown", "what lies behind the gateway is not measured");
    let verdict = healthy["verdict"].as_str().unwrap_or_default();
    assert!(verdict.contains("What lies behind it is not measured"), "{verdict}");
    let connections: Vec<u64> = hosts.iter().map(Host::connections).collect();
    assert_eq!(connections[0], 1, "a gateway that answers is asked once: {connections:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_direct_way_counts_where_clients_try_it_first() {
    let dns = lab_dns().await;
    let refusing = Host::start(&HostScript::closed(), (LOOPBACK, 0).into()).await.expect("starts");
    let gateway = Host::start(&healthy(good()), (LOOPBACK, 0).into()).await.expect("it starts");
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("config.toml");
    let places = [("a".to_owned(), gateway.address()), ("b".to_owned(), gateway.address())];
    let text = configuration(&places, &dns, refusing.address().port());
    let text = format!("{text}gateway_usage = \"when-direct-fails\"\n");
    std::fs::write(&file, text).expect("written");
    let root = home.path().join("root.pem");
    let (_, pem) = authority(AUTHORITY, Clock::wall()).expect("an authority");
    std::fs::write(&root, pem).expect("written");
    let environment = [("SSL_CERT_FILE", root.display().to_string())];
    let arguments = vec!["--config".to_owned(), file.display().to_string()];
    let (_, document) = check_with(arguments.clone(), &environment).await;
    assert_eq!(gateway.connections(), 1, "two targets behind one gateway");
    let [a, b] = [0, 1].map(|index| document["targets"][index].clone());
    assert_eq!((a["state"].as_str(), b["state"].as_str()), (Some("ok"), Some("critical")));
    assert_eq!(b["findings"][0]["id"], "port-closed");
    assert_eq!(b["gateway"]["outcome"], "challenge");
    assert_eq!(b["gateway"]["usage"], "when-direct-fails");
    let arguments = [arguments, vec!["--no-deep".to_owned()]].concat();
    let (_, document) = check_with(arguments, &environment).await;
    assert_eq!(gateway.connections(), 1, "--no-deep asks no gateway");
    let a = &document["targets"][0];
    assert_eq!((&a["gateway"], a["state"].as_str()), (&serde_json::Value::Null, Some("unknown")));
}
