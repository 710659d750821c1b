//! One DNS server, asked by itself: its outcome, addresses, time to live and answer time.

use super::lookup::MAX_ADDRESSES;
use super::{Family, ResolveError};
use crate::domain::sample::{NameOutcome, ServerAnswer};
use crate::domain::text;
use futures_util::future::join;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The library's own patience for one exchange; the rung's deadline is shorter.
const PATIENCE: Duration = Duration::from_mins(1);
/// Names kept of one reverse answer.
const MAX_NAMES: usize = 8;
/// Longest name in text (RFC 1035 section 2.3.4).
const MAX_NAME_CHARS: usize = 253;

/// One server to ask.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    resolver: TokioResolver,
}

/// The answer to one question.
struct Answer {
    outcome: NameOutcome,
    addresses: Vec<IpAddr>,
    canonical: Vec<String>,
    ttl_s: Option<u32>,
}

impl Answer {
    const fn without_address(outcome: NameOutcome) -> Self {
        Self { outcome, addresses: Vec::new(), canonical: Vec::new(), ttl_s: None }
    }
}

impl Server {
    /// A resolver that asks `address` over UDP, over TCP when the answer is truncated, and keeps
    /// nothing. Opens no socket yet.
    pub(super) fn new(address: SocketAddr) -> Result<Self, ResolveError> {
        let connections =
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
        let server = NameServerConfig::new(address.ip(), true, connections.to_vec());
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let provider = TokioRuntimeProvider::default();
        let mut builder = TokioResolver::builder_with_config(config, provider);
        let options: &mut ResolverOpts = builder.options_mut();
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.attempts = 0;
        options.timeout = PATIENCE;
        options.edns0 = false;
        options.os_port_selection = true;
        let resolver = builder
            .build()
            .map_err(|error| ResolveError::Server { server: address, reason: error.to_string() })?;
        Ok(Self { address, resolver })
    }

    /// Asks for A and AAAA of each name in turn until one has addresses, as the operating system
    /// walks its search list. Whatever is unanswered at `limit` is a timeout.
    pub(super) async fn ask(
        &self,
        names: &[String],
        family: Family,
        limit: &watch::Receiver<Instant>,
    ) -> ServerAnswer {
        let began = Instant::now();
        let mut best = Answer::without_address(NameOutcome::Error);
        for (index, name) in names.iter().enumerate() {
            let answer = self.ask_one(name, family, limit).await;
            let outcome = answer.outcome;
            if index == 0 || search_rank(outcome) < search_rank(best.outcome) {
                best = answer;
            }
            if matches!(outcome, NameOutcome::Ok | NameOutcome::Timeout) {
                break;
            }
        }
        ServerAnswer {
            server: self.address,
            outcome: best.outcome,
            addresses: best.addresses,
            canonical: best.canonical,
            ttl_s: best.ttl_s,
            elapsed: began.elapsed(),
        }
    }

    async fn ask_one(
        &self,
        name: &str,
        family: Family,
        limit: &watch::Receiver<Instant>,
    ) -> Answer {
        let Ok(mut name) = Name::from_ascii(name) else {
            return Answer::without_address(NameOutcome::Error);
        };
        name.set_fqdn(true);
        match family {
            Family::V4 => self.question(name, RecordType::A, limit).await,
            Family::V6 => self.question(name, RecordType::AAAA, limit).await,
            Family::Any => {
                let (v4, v6) = join(
                    self.question(name.clone(), RecordType::A, limit),
                    self.question(name, RecordType::AAAA, limit),
                )
                .await;
                both(v4, v6)
            }
        }
    }

    async fn question(
        &self,
        name: Name,
        kind: RecordType,
        limit: &watch::Receiver<Instant>,
    ) -> Answer {
        let answered = tokio::select! {
            answered = self.resolver.lookup(name, kind) => answered,
            () = reached(limit.clone()) => Err(NetError::Timeout),
        };
        let lookup = match answered {
            Ok(lookup) => lookup,
            Err(error) => return Answer::without_address(outcome_of(&error)),
        };
        let mut addresses: Vec<IpAddr> = Vec::new();
        for record in lookup.answers() {
            let address = match &record.data {
                RData::A(a) => IpAddr::V4(a.0),
                RData::AAAA(aaaa) => IpAddr::V6(aaaa.0),
                _ => continue,
            };
            if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Answer::without_address(NameOutcome::NoData);
        }
        let canonical = lookup
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::CNAME(alias) => Some(text_of(&alias.0)),
                _ => None,
            })
            .take(MAX_NAMES)
            .collect();
        let ttl_s = lookup.answers().iter().map(|record| record.ttl).min();
        Answer { outcome: NameOutcome::Ok, addresses, canonical, ttl_s }
    }

    /// The names that the server has for `address`, escaped for a screen; empty when it has none
    /// or is silent until `deadline`.
    pub(super) async fn names_of(&self, address: IpAddr, deadline: Instant) -> Vec<String> {
        let question = self.resolver.lookup(Name::from(address), RecordType::PTR);
        let Ok(Ok(lookup)) = tokio::time::timeout_at(deadline, question).await else {
            return Vec::new();
        };
        lookup
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::PTR(name) => Some(text_of(&name.0)),
                _ => None,
            })
            .take(MAX_NAMES)
            .collect()
    }
}

/// A name without its final dot, escaped for a screen.
fn text_of(name: &Name) -> String {
    text::excerpt(name.to_ascii().trim_end_matches('.'), MAX_NAME_CHARS)
}

/// Returns once the point in `limit`, which may move, has passed.
async fn reached(mut limit: watch::Receiver<Instant>) {
    loop {
        let at = *limit.borrow_and_update();
        tokio::select! {
            () = sleep_until(at) => return,
            changed = limit.changed() => {
                if changed.is_err() {
                    return sleep_until(at).await;
                }
            }
        }
    }
}

/// A and AAAA together: A's addresses first, the better outcome, the smaller time to live.
fn both(v4: Answer, v6: Answer) -> Answer {
    let outcome =
        if family_rank(v6.outcome) < family_rank(v4.outcome) { v6.outcome } else { v4.outcome };
    let ttl_s = v4.ttl_s.into_iter().chain(v6.ttl_s).min();
    let addresses = v4.addresses.into_iter().chain(v6.addresses).take(MAX_ADDRESSES).collect();
    let mut canonical = v4.canonical;
    for name in v6.canonical {
        if !canonical.contains(&name) {
            canonical.push(name);
        }
    }
    Answer { outcome, addresses, canonical, ttl_s }
}

/// Which of the A and the AAAA outcome stands for both: the most that was learnt of the name.
const fn family_rank(outcome: NameOutcome) -> u8 {
    match outcome {
        NameOutcome::Ok | NameOutcome::NotNeeded => 0,
        NameOutcome::NoData => 1,
        NameOutcome::NxDomain => 2,
        NameOutcome::Refused => 3,
        NameOutcome::ServFail => 4,
        NameOutcome::Malformed => 5,
        NameOutcome::Timeout => 6,
        NameOutcome::Error => 7,
    }
}

/// Which outcome stands for a walk of the search list: a suffix under which the name does not
/// exist says the least (glibc's `res_nsearch` keeps "no data" and failures over it).
const fn search_rank(outcome: NameOutcome) -> u8 {
    match outcome {
        NameOutcome::Ok | NameOutcome::NotNeeded => 0,
        NameOutcome::NoData => 1,
        NameOutcome::Timeout => 2,
        NameOutcome::ServFail => 3,
        NameOutcome::Refused => 4,
        NameOutcome::Malformed => 5,
        NameOutcome::Error => 6,
        NameOutcome::NxDomain => 7,
    }
}

fn outcome_of(error: &NetError) -> NameOutcome {
    match error {
        NetError::Timeout => NameOutcome::Timeout,
        NetError::Dns(DnsError::NoRecordsFound(empty)) => outcome_of_code(empty.response_code),
        NetError::Dns(DnsError::ResponseCode(code)) => outcome_of_code(*code),
        NetError::Proto(_)
        | NetError::ForeignClassRecord { .. }
        | NetError::QueryCaseMismatch
        | NetError::Truncated => NameOutcome::Malformed,
        _ => NameOutcome::Error,
    }
}

/// RFC 1035 section 4.1.1, RFC 2136 section 2.2.
const fn outcome_of_code(code: ResponseCode) -> NameOutcome {
    match code {
        ResponseCode::NoError => NameOutcome::NoData,
        ResponseCode::NXDomain => NameOutcome::NxDomain,
        ResponseCode::Refused | ResponseCode::NotAuth => NameOutcome::Refused,
        ResponseCode::ServFail | ResponseCode::FormErr | ResponseCode::NotImp => {
            NameOutcome::ServFail
        }
        _ => NameOutcome::Error,
    }
}
