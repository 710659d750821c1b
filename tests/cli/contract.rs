//! The document of `check --format json`, key by key and word by word.

use super::check::{Lab, check, healthy, json};
use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::script::{Answer, HostScript};
use serde_json::Value;

/// Every key of `rdpwatch.check/1` with the type of its value. A text with bars is one of these
/// words, `T` a time (RFC 3339, UTC), an empty one any text; `null` is not measured yet. What may
/// be `null` besides is everything but [`NEVER_NULL`].
const CONTRACT: &str = r#"{"schema":"rdpwatch.check/1","checked_at":"T",
 "monitor":{"state":"ok|limited|offline","findings":[FINDING]},
 "targets":[{
 "name":"","host":"","port":3389,"address":"","kind":"server|pc|laptop|farm|cloud|jit",
 "availability":"up|asleep|down|unknown","state":"ok|warning|critical|unknown","verdict":"",
 "expected_client_error":{"code":"","extended":"","text":"","likelihood":"certain|likely|possible"},
 "dns":{"outcome":"ok|nxdomain|no_data|servfail|refused|timeout|malformed|error|not_needed",
   "source":"dns|hosts|os|literal","addresses":[""],"expected":[""],"server":"","elapsed_ms":1.2,
   "ttl_s":120,"ptr":[""],"canonical":[""],"system":[""],
   "servers":[{"server":"","addresses":[""],"elapsed_ms":1.2,
     "outcome":"ok|nxdomain|no_data|servfail|refused|timeout|malformed|error"}]},
 "echo":{"method":"icmp|tcp","sent":10,"received":10,"loss_pct":0.0,"min_ms":0.4,"median_ms":0.5,
   "p95_ms":0.8,"max_ms":0.9,"jitter_ms":0.1,"late":0,"duplicates":0},
 "tcp":{"outcome":"open|refused|timeout|unreachable|prohibited|local_error","icmp":"","from":"",
   "elapsed_ms":0.5},
 "x224":{"outcome":"confirmed|failure|no_negotiation|disconnected|timeout|reset|closed|malformed",
   "selected":"rdp|ssl|hybrid|rdstls|hybrid_ex|rdsaad","failure":"","other_protocol":"",
   "elapsed_ms":1.0},
 "tls":{"outcome":"ok|reset|closed|alert|timeout|malformed|unsupported","alert":40,"version":"",
   "cipher":"","hello":"modern|legacy","elapsed_ms":9.0,
   "certificate":{"subject":"","issuer":"","self_signed":true,"not_before":"T","not_after":"T",
     "days_left":171,"names":[""],"name_matches":true,"key":"","signature":"","sha256":""}},
 "nla":{"outcome":"challenge|error|not_offered|timeout|reset|closed|malformed","credssp_version":6,
   "error_code":"","computer":"","dns_computer":"","domain":"","os_build":"","clock_skew_s":0.2,
   "elapsed_ms":3.0},
 "udp":{"outcome":"syn_ack|silent|unreachable|malformed","version":"","mtu_up":1232,"mtu_down":1232,
   "elapsed_ms":2.0},
 "path":{"mtu":1400,"outcome":"full|lowered|black_hole|unknown","from":""},
 "gateway":{"host":"","port":443,"usage":"always|when-direct-fails",
   "outcome":"challenge|not_measured|no_name|no_tcp|no_tls|old_tls|no_schemes|not_found|method_filtered|redirected|unavailable|other_status|timeout|closed|malformed",
   "name":"ok|nxdomain|no_data|servfail|refused|timeout|malformed|error|not_needed","address":"",
   "tcp":{"outcome":"open|refused|timeout|unreachable|prohibited|local_error","icmp":"","from":"",
     "elapsed_ms":0.5},
   "tls":{"outcome":"ok|reset|closed|alert|timeout|malformed|unsupported","version":"",
     "hello":"modern|legacy",
     "trust":"trusted|expired|not_yet_valid|wrong_name|unknown_issuer|invalid|not_validated",
     "presented":2,"elapsed_ms":9.0,
     "certificate":{"subject":"","issuer":"","self_signed":true,"not_before":"T","not_after":"T",
       "days_left":88,"names":[""],"name_matches":true,"key":"","signature":"","sha256":""}},
   "http":{"outcome":"challenge|no_schemes|not_found|method_filtered|redirected|unavailable|other_status|timeout|closed|malformed",
     "status":401,"schemes":[""],"location":"","misread":"","received":280,"elapsed_ms":5.0},
   "elapsed_ms":40.0},
 "neighbour":{"mac":"","state":"reachable|stale|failed|none|not_on_link"},
 "addresses":[{"address":"",
   "tcp":"open|refused|timeout|unreachable|prohibited|local_error",
   "x224":"confirmed|failure|no_negotiation|disconnected|timeout|reset|closed|malformed",
   "tls":"ok|reset|closed|alert|timeout|malformed|unsupported",
   "expected":true,"published":true}],
 "risk":"none|low|elevated|high|unknown",
 "risk_factors":[{"finding":"","weight":"low|elevated|high","title":""}],
 "findings":[FINDING]}]}"#;

const FINDING: &str = r#"{"id":"","severity":"notice|warning|critical",
 "confidence":"certain|likely|possible","owner":"network|vpn|dns|server|client|security",
 "title":"","evidence":[""],"disproof":"","since":"T",
 "remedies":[{"text":"","run_on":"","confirm":"","commands":[""],"needs":"","impact":"","undo":"",
   "weakens_security":false}]}"#;

/// What is always told.
const NEVER_NULL: &[&str] = &[
    "schema",
    "checked_at",
    "monitor",
    "state",
    "targets",
    "name",
    "host",
    "port",
    "kind",
    "availability",
    "verdict",
    "addresses",
    "risk",
    "risk_factors",
    "finding",
    "weight",
    "findings",
    "id",
    "severity",
    "confidence",
    "owner",
    "title",
    "evidence",
    "disproof",
    "since",
    "remedies",
    "text",
    "run_on",
    "commands",
    "weakens_security",
    "outcome",
];

fn contract() -> Value {
    serde_json::from_str(&CONTRACT.replace("FINDING", FINDING)).expect("JSON")
}

/// Every way in which `found` breaks what was promised.
fn breaches(path: &str, promised: &Value, found: &Value, out: &mut Vec<String>) {
    let key = path.rsplit('.').next().unwrap_or_default();
    match (promised, found) {
        (Value::Null, Value::Null)
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        (Value::Null, _) => out.push(format!("{path} is told although nothing measures it")),
        (_, Value::Null) => {
            if NEVER_NULL.contains(&key) {
                out.push(format!("{path} is null"));
            }
        }
        (Value::String(words), Value::String(word)) => {
            if !fits(words, word) {
                out.push(format!("{path} is {word:?}, not {words:?}"));
            }
        }
        (Value::Array(promised), Value::Array(found)) => {
            for element in found {
                breaches(&format!("{path}[]"), &promised[0], element, out);
            }
        }
        (Value::Object(promised), Value::Object(found)) => {
            for key in promised.keys().filter(|key| !found.contains_key(*key)) {
                out.push(format!("{path}.{key} is missing"));
            }
            for (key, value) in found {
                match promised.get(key) {
                    Some(promised) => breaches(&format!("{path}.{key}"), promised, value, out),
                    None => out.push(format!("{path}.{key} is not in the contract")),
                }
            }
        }
        _ => out.push(format!("{path} is {found}, of another type than {promised}")),
    }
}

fn fits(words: &str, word: &str) -> bool {
    match words {
        "" => true,
        "T" => word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T',
        words => words.split('|').any(|known| known == word),
    }
}

#[test]
fn the_document_keeps_its_contract() {
    let mut lab = Lab::new();
    let good = lab.host("good", &healthy());
    let shut = lab.host("shut", &HostScript::closed());
    let gone = "gone=nosuch.invalid@127.0.0.1";
    let answer = rdpwatch::proto::rdg::answer(401, &["NTLM"], None);
    let certificate = CertificateSpec::issued("gw.lab.test", "Lab CA", 88);
    let gateway = HostScript::gateway(certificate, Answer::Bytes(answer));
    let gateway = lab.host("gateway", &gateway).replace("gateway=", "");
    let home = tempfile::tempdir().expect("a folder");
    let behind = home.path().join("behind.rdp");
    let text = format!(
        "full address:s:127.0.0.1:1\ngatewayhostname:s:{gateway}\ngatewayusagemethod:i:1\n"
    );
    std::fs::write(&behind, text).expect("written");
    let behind = behind.to_str().expect("plain");
    let done = check(&[&good, &shut, gone, behind, "--timeout", "1s", "--format", "json"]);
    let document = json(&done);
    let mut out = Vec::new();
    breaches("", &contract(), &document, &mut out);
    assert!(out.is_empty(), "{}\n{}", out.join("\n"), done.out);
    assert_eq!(document["targets"].as_array().map(Vec::len), Some(4));
    let gateway = &document["targets"][3]["gateway"];
    assert_eq!(gateway["outcome"], "challenge");
    assert!(
        gateway["tls"]["certificate"].is_object() && document["targets"][0]["gateway"].is_null()
    );
    for rung in ["dns", "echo", "tcp", "x224", "tls", "nla", "udp", "path"] {
        assert!(document["targets"][0][rung].is_object(), "{rung} of a healthy host is told");
    }
    assert!(document["targets"][0]["tls"]["certificate"].is_object());
    assert!(document["targets"][1]["findings"][0]["remedies"][0].is_object());
    assert!(document["targets"][1]["expected_client_error"].is_object());
}

#[test]
fn a_broken_document_would_be_noticed() {
    let mut broken = contract();
    broken["targets"][0]["state"] = "fine".into();
    broken["targets"][0]["nla"] = serde_json::json!({});
    broken["monitor"]["mood"] = "good".into();
    broken["targets"][0].as_object_mut().expect("an object").remove("risk");
    broken["targets"][0]["port"] = "3389".into();
    let mut out = Vec::new();
    breaches("", &contract(), &broken, &mut out);
    let places = [".state is \"fine\"", ".mood is not", ".risk is missing"];
    for place in places.into_iter().chain([".port is", ".nla.outcome is missing"]) {
        assert!(out.iter().any(|breach| breach.contains(place)), "{place}: {out:?}");
    }
}
