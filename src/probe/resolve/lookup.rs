//! The operating system's own answer: getaddrinfo, which cannot be cancelled, kept on a leash.

use super::hosts;
use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};

/// Lookups in flight at most: each holds a thread until the system gives up, which takes it up to
/// half a minute.
const MAX_IN_FLIGHT: usize = 32;
/// Addresses kept of one answer.
pub(super) const MAX_ADDRESSES: usize = 32;

/// What the operating system said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SystemAnswer {
    /// Its addresses in its order; empty when it failed.
    pub(super) addresses: Vec<IpAddr>,
    /// What the hosts file has for the name.
    pub(super) hosts: Vec<IpAddr>,
    /// How long it took.
    pub(super) elapsed: Duration,
}

/// How asking the operating system ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SystemOutcome {
    /// It said something.
    Answered(SystemAnswer),
    /// It is still busy at the deadline.
    Timeout,
    /// It could not be asked: too many lookups hang, or no thread could be started.
    NotAsked,
}

/// What a thread is to run: addresses and hosts-file entries of a name. Blocks.
pub(super) type LookUp = dyn Fn(&str) -> (Vec<IpAddr>, Vec<IpAddr>) + Send + Sync;
type InFlight = Mutex<HashMap<String, watch::Receiver<Option<SystemAnswer>>>>;

/// Asks the operating system, in threads of its own: one lookup per name at a time, and a bounded
/// number in all. A lookup that hangs holds up neither the program's end nor other names.
pub(super) struct SystemLookup {
    look_up: Arc<LookUp>,
    permits: Arc<Semaphore>,
    in_flight: Arc<InFlight>,
}

impl SystemLookup {
    pub(super) fn new() -> Self {
        Self::with(Arc::new(|name| (ask_system(name), hosts::addresses_of(name))), MAX_IN_FLIGHT)
    }

    /// The same over another way to ask, with at most `limit` lookups in flight.
    pub(super) fn with(look_up: Arc<LookUp>, limit: usize) -> Self {
        Self { look_up, permits: Arc::new(Semaphore::new(limit)), in_flight: Arc::default() }
    }

    /// The system's answer for `name`, at `deadline` at the latest. Joins a lookup of the same
    /// name that is still under way.
    pub(super) async fn ask(&self, name: &str, deadline: Instant) -> SystemOutcome {
        let key = name.to_ascii_lowercase();
        let joined = lock(&self.in_flight).get(&key).cloned();
        let mut answer = match joined {
            Some(answer) => answer,
            None => match timeout_at(deadline, self.start(key)).await {
                Ok(Some(answer)) => answer,
                Ok(None) | Err(_) => return SystemOutcome::NotAsked,
            },
        };
        match timeout_at(deadline, answer.wait_for(Option::is_some)).await {
            Ok(Ok(answer)) => {
                (*answer).clone().map_or(SystemOutcome::NotAsked, SystemOutcome::Answered)
            }
            Ok(Err(_)) => SystemOutcome::NotAsked,
            Err(_) => SystemOutcome::Timeout,
        }
    }

    /// Starts a lookup once there is room for it.
    async fn start(&self, key: String) -> Option<watch::Receiver<Option<SystemAnswer>>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let (sender, receiver) = watch::channel(None);
        {
            let mut in_flight = lock(&self.in_flight);
            if let Some(running) = in_flight.get(&key) {
                return Some(running.clone());
            }
            in_flight.insert(key.clone(), receiver.clone());
        }
        let place = Place { key, in_flight: Arc::clone(&self.in_flight), _permit: permit };
        let look_up = Arc::clone(&self.look_up);
        let began = Instant::now();
        let run = move || {
            let (addresses, hosts) = look_up(&place.key);
            let elapsed = began.elapsed();
            // Nobody may be waiting any more.
            sender.send_replace(Some(SystemAnswer { addresses, hosts, elapsed }));
            drop(place);
        };
        std::thread::Builder::new().name("name lookup".to_owned()).spawn(run).ok()?;
        Some(receiver)
    }
}

/// A lookup's entry among those in flight, given back even when the thread dies.
struct Place {
    key: String,
    in_flight: Arc<InFlight>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.in_flight).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// getaddrinfo, in its own order, without repetitions.
fn ask_system(name: &str) -> Vec<IpAddr> {
    let Ok(found) = (name, 0).to_socket_addrs() else { return Vec::new() };
    let mut addresses = Vec::new();
    for address in found.map(|found| found.ip().to_canonical()) {
        if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    fn in_ms(millis: u64) -> Instant {
        Instant::now() + Duration::from_millis(millis)
    }

    /// A system whose lookups of names in `stuck` hang until `gate` is dropped.
    fn stuck_system(limit: usize) -> (SystemLookup, mpsc::Sender<()>, Arc<AtomicUsize>) {
        let (gate, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let started = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&started);
        let look_up = move |name: &str| {
            count.fetch_add(1, Ordering::SeqCst);
            if name.starts_with("stuck") {
                let _ = lock(&wait).recv();
            }
            (vec![IpAddr::from([10, 0, 0, 21])], Vec::new())
        };
        (SystemLookup::with(Arc::new(look_up), limit), gate, started)
    }

    #[tokio::test]
    async fn a_stuck_name_is_asked_once_and_answers_whoever_waits_later() {
        let (system, gate, started) = stuck_system(2);
        assert_eq!(system.ask("stuck", in_ms(50)).await, SystemOutcome::Timeout);
        assert_eq!(system.ask("STUCK", in_ms(50)).await, SystemOutcome::Timeout);
        assert_eq!(started.load(Ordering::SeqCst), 1);
        assert!(matches!(system.ask("well", in_ms(5_000)).await, SystemOutcome::Answered(_)));
        let (answer, ()) = tokio::join!(system.ask("stuck", in_ms(5_000)), async { drop(gate) });
        assert!(matches!(answer, SystemOutcome::Answered(answer) if answer.addresses.len() == 1));
        assert_eq!(started.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn when_every_place_hangs_other_names_are_not_called_timeouts() {
        let (system, gate, started) = stuck_system(1);
        assert_eq!(system.ask("stuck", in_ms(50)).await, SystemOutcome::Timeout);
        assert_eq!(system.ask("well", in_ms(50)).await, SystemOutcome::NotAsked);
        drop(gate);
        assert!(matches!(system.ask("well", in_ms(5_000)).await, SystemOutcome::Answered(_)));
        assert_eq!(started.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn localhost_comes_from_the_hosts_file() {
        let outcome = SystemLookup::new().ask("localhost", in_ms(5_000)).await;
        let SystemOutcome::Answered(answer) = outcome else { panic!("{outcome:?}") };
        assert!(answer.addresses.iter().all(IpAddr::is_loopback), "{answer:?}");
        assert!(!answer.addresses.is_empty());
    }
}
