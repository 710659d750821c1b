//! The name rung: what the operating system dials, and what each DNS server says beside it.
//!
//! Users live with the operating system's answer (hosts file, search suffixes, NRPT, LLMNR), so
//! that is what is dialled; the servers it uses are asked for the same names to explain it.

mod hosts;
mod lookup;
mod reach;
mod server;
mod system;

pub use reach::{has_route, scope_id};
pub use system::{SystemDns, SystemDnsReader};

use crate::domain::sample::{NameOutcome, NameSource, Resolution, ServerAnswer};
use crate::domain::target::{Family, Host, is_link_local};
use futures_util::future::{join, join_all};
use lookup::{SystemLookup, SystemOutcome};
use server::Server;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a server may lag behind the operating system's answer before it counts as silent: the
/// dialled addresses must not wait for a dead second server.
const GRACE: Duration = Duration::from_secs(2);
/// What the reverse lookup may take.
const REVERSE: Duration = Duration::from_secs(1);
/// Servers asked at most.
const MAX_SERVERS: usize = 8;

/// What the user settles about names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolverSettings {
    /// Servers that replace both the operating system's answer and its servers (at most eight).
    pub servers: Option<Vec<SocketAddr>>,
    /// Which addresses are wanted.
    pub family: Family,
}

/// Why there is no resolver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A server cannot be asked.
    #[error("cannot ask DNS server {server}: {reason}")]
    Server {
        /// The server.
        server: SocketAddr,
        /// Why, in the library's words.
        reason: String,
    },
}

/// Climbs the name rung. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    settings: ResolverSettings,
    system: SystemLookup,
    reader: Mutex<SystemDnsReader>,
    asked: RwLock<Arc<Asked>>,
}

/// The servers asked, and the configuration they were made from.
struct Asked {
    dns: SystemDns,
    servers: Vec<Server>,
}

impl Resolver {
    /// A resolver over the system's configuration `dns`, or over the servers in `settings`.
    /// Sends nothing.
    ///
    /// # Errors
    /// [`ResolveError::Server`] when a server cannot be asked at all.
    pub fn new(settings: ResolverSettings, dns: SystemDns) -> Result<Self, ResolveError> {
        Self::over(settings, dns, SystemLookup::new())
    }

    fn over(
        settings: ResolverSettings,
        dns: SystemDns,
        system: SystemLookup,
    ) -> Result<Self, ResolveError> {
        let asked = RwLock::new(Arc::new(Asked::new(&settings, dns)?));
        let reader = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { settings, system, reader, asked }) })
    }

    /// Takes over a changed configuration (DHCP, a VPN). True when it differs from the one in use;
    /// a lookup under way ends with the old one.
    ///
    /// # Errors
    /// [`ResolveError::Server`]; the old configuration stays in use then.
    pub fn update(&self, dns: &SystemDns) -> Result<bool, ResolveError> {
        if self.asked().dns == *dns {
            return Ok(false);
        }
        let asked = Arc::new(Asked::new(&self.inner.settings, dns.clone())?);
        *self.inner.asked.write().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(true)
    }

    /// [`update`](Self::update) with the system's configuration as it is at this moment. Blocks for
    /// one small file on Linux, for milliseconds elsewhere.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn refresh(&self) -> Result<bool, ResolveError> {
        let mut reader = self.inner.reader.lock().unwrap_or_else(PoisonError::into_inner);
        self.update(reader.read())
    }

    /// The name rung for `host`, within `deadline`. Dropping the future sends nothing more; a
    /// lookup that the operating system is busy with is joined by the next one of that name.
    ///
    /// Addresses that this machine has no route to are left out of those dialled, unless there is
    /// no other. A server that is silent two seconds after the operating system's answer is a timeout:
    /// its `elapsed` says how long it was given.
    pub async fn resolve(&self, host: &Host, deadline: Duration) -> Resolution {
        match host {
            Host::Address(address, _) => Resolution::literal(*address),
            Host::Name(name) => {
                let asked = self.asked();
                let deadline = Instant::now() + deadline;
                let mut found = if self.inner.settings.servers.is_some() {
                    self.by_servers(&asked, name, deadline).await
                } else {
                    self.by_system(&asked, name, deadline).await
                };
                found.ptr = asked.reverse(&found, deadline).await;
                found
            }
        }
    }

    fn asked(&self) -> Arc<Asked> {
        Arc::clone(&self.inner.asked.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// `--dns`: the first server, in the order given, that knows decides.
    async fn by_servers(&self, asked: &Asked, name: &str, deadline: Instant) -> Resolution {
        let (_keep, limit) = watch::channel(deadline);
        let servers = asked.ask(name, self.inner.settings.family, &limit).await;
        let decisive = decisive(&servers);
        Resolution {
            outcome: decisive.map_or(NameOutcome::Error, |answer| answer.outcome),
            source: NameSource::Dns,
            by_system: false,
            addresses: decisive.map_or_else(Vec::new, |answer| reachable(&answer.addresses)),
            system: Vec::new(),
            elapsed: decisive.map_or(Duration::ZERO, |answer| answer.elapsed),
            ptr: Vec::new(),
            servers,
        }
    }

    /// The operating system's answer, and its servers' beside it.
    async fn by_system(&self, asked: &Asked, name: &str, deadline: Instant) -> Resolution {
        let family = self.inner.settings.family;
        let began = Instant::now();
        let (shorten, limit) = watch::channel(deadline);
        let system = async {
            let outcome = self.inner.system.ask(name, deadline).await;
            if matches!(&outcome, SystemOutcome::Answered(answer) if !answer.addresses.is_empty()) {
                shorten.send_replace(deadline.min(Instant::now() + GRACE));
            }
            (outcome, began.elapsed())
        };
        let ((system, waited), servers) = join(system, asked.ask(name, family, &limit)).await;

        let (answer, elapsed) = match system {
            SystemOutcome::Answered(answer) => {
                let elapsed = answer.elapsed;
                (Ok(answer), elapsed)
            }
            SystemOutcome::Timeout => (Err(NameOutcome::Timeout), waited),
            SystemOutcome::NotAsked => (Err(NameOutcome::Error), waited),
        };
        let mut found = Resolution {
            outcome: NameOutcome::Ok,
            source: NameSource::Os,
            by_system: true,
            addresses: Vec::new(),
            system: Vec::new(),
            elapsed,
            ptr: Vec::new(),
            servers,
        };
        match answer {
            Err(outcome) => found.outcome = outcome,
            Ok(answer) if answer.addresses.is_empty() => {
                found.outcome = reason(&found.servers);
                found.source =
                    if found.servers.is_empty() { NameSource::Os } else { NameSource::Dns };
            }
            Ok(answer) => {
                let wanted = answer.addresses.iter().copied().filter(|ip| family.admits(*ip));
                found.system = wanted.collect();
                found.addresses = reachable(&found.system);
                found.source = source(&found.system, &answer.hosts, &found.servers);
                if found.system.is_empty() {
                    found.outcome = NameOutcome::NoData;
                }
            }
        }
        found
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

impl Asked {
    fn new(settings: &ResolverSettings, dns: SystemDns) -> Result<Self, ResolveError> {
        let addresses = settings.servers.as_ref().unwrap_or(&dns.servers);
        let servers = addresses
            .iter()
            .take(MAX_SERVERS)
            .map(|address| Server::new(*address))
            .collect::<Result<_, _>>()?;
        Ok(Self { dns, servers })
    }

    /// Every server's answer, in their order.
    async fn ask(
        &self,
        name: &str,
        family: Family,
        limit: &watch::Receiver<Instant>,
    ) -> Vec<ServerAnswer> {
        let names = if is_localhost(name) { Vec::new() } else { self.dns.candidates(name) };
        if names.is_empty() {
            return Vec::new();
        }
        let (names, limit) = (&names, limit);
        join_all(self.servers.iter().map(|server| server.ask(names, family, limit))).await
    }

    /// The names of the first dialled address, from the server that gave it, else from the first
    /// that answers at all.
    async fn reverse(&self, found: &Resolution, deadline: Instant) -> Vec<String> {
        let Some(address) = found.addresses.first().copied() else { return Vec::new() };
        let link_local = matches!(address, IpAddr::V6(v6) if is_link_local(v6));
        if address.is_loopback() || link_local {
            return Vec::new();
        }
        let answers = || found.servers.iter();
        let chosen = answers().find(|answer| answer.addresses.contains(&address)).or_else(|| {
            answers()
                .find(|answer| !matches!(answer.outcome, NameOutcome::Timeout | NameOutcome::Error))
        });
        let server = chosen
            .and_then(|answer| self.servers.iter().find(|server| server.address == answer.server));
        match server {
            Some(server) => server.names_of(address, deadline.min(Instant::now() + REVERSE)).await,
            None => Vec::new(),
        }
    }
}

/// Names that no resolver sends to a server (RFC 6761 section 6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

/// The first answer that says something about the name, else the first.
fn decisive(servers: &[ServerAnswer]) -> Option<&ServerAnswer> {
    let knows = |answer: &&ServerAnswer| {
        matches!(answer.outcome, NameOutcome::Ok | NameOutcome::NxDomain | NameOutcome::NoData)
    };
    servers.iter().find(knows).or_else(|| servers.first())
}

/// Why the operating system, which gives no reason, has no address.
fn reason(servers: &[ServerAnswer]) -> NameOutcome {
    match decisive(servers).map(|answer| answer.outcome) {
        None | Some(NameOutcome::Ok) => NameOutcome::Error,
        Some(outcome) => outcome,
    }
}

/// Where the operating system's addresses came from.
fn source(system: &[IpAddr], hosts: &[IpAddr], servers: &[ServerAnswer]) -> NameSource {
    let has_any = |known: &[IpAddr]| system.iter().any(|address| known.contains(address));
    if has_any(hosts) {
        NameSource::Hosts
    } else if servers.iter().any(|answer| has_any(&answer.addresses)) {
        NameSource::Dns
    } else {
        NameSource::Os
    }
}

/// Those of `addresses` that this machine has a route to, in their order; all when it has none to
/// any, so that the attempt says so.
fn reachable(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let routed: Vec<IpAddr> = addresses.iter().copied().filter(|ip| has_route(*ip)).collect();
    if routed.is_empty() { addresses.to_vec() } else { routed }
}

#[cfg(test)]
mod tests;
