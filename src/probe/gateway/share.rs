//! One answer of a gateway for every target behind it.

use super::trust::Roots;
use super::{Asking, gateway};
use crate::domain::sample::Gateway;
use crate::domain::target::{Deadlines, GatewayAddress, Host, TargetId};
use crate::domain::time::{MonoTime, Now};
use crate::probe::clock::Clock;
use crate::probe::seam::Names;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

/// Gateways asked at the same time.
const AT_ONCE: usize = 16;
/// Authorities are read again after this long: somebody may have installed one.
const ROOTS_AGE: Duration = Duration::from_hours(1);

/// Every gateway that is asked, each once for all the targets behind it. Grows with the
/// configuration and with nothing else.
#[derive(Debug)]
pub struct Gateways {
    authorities: Authorities,
    answers: Mutex<BTreeMap<(String, u16), Arc<Answers>>>,
    slots: Semaphore,
}

/// Where the authorities come from.
#[derive(Debug)]
enum Authorities {
    /// Always these.
    Given(Arc<Roots>),
    /// This machine's, with the time they were read.
    System(AsyncMutex<Option<(MonoTime, Arc<Roots>)>>),
}

/// The newest answer of one gateway. Whoever asks holds the lock; the others wait for the answer.
type Answers = AsyncMutex<Option<Answer>>;

#[derive(Debug)]
struct Answer {
    at: Now,
    found: Gateway,
    /// Whom it was told: nobody is told one answer twice, or one failure would look like two.
    told: BTreeSet<TargetId>,
}

impl Default for Gateways {
    fn default() -> Self {
        Self::new()
    }
}

impl Gateways {
    /// Certificates are held against the authorities of this machine.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Authorities::System(AsyncMutex::default()))
    }

    /// Certificates are held against `roots`.
    #[must_use]
    pub fn trusting(roots: Roots) -> Self {
        Self::with(Authorities::Given(Arc::new(roots)))
    }

    fn with(authorities: Authorities) -> Self {
        Self { authorities, answers: Mutex::default(), slots: Semaphore::new(AT_ONCE) }
    }

    /// Asks the gateway on behalf of `target`, or tells what it answered to another target less
    /// than `fresh` ago. Returns when it was asked, and what came of it.
    pub async fn ask(
        &self,
        target: TargetId,
        address: &GatewayAddress,
        fresh: Duration,
        names: &dyn Names,
        deadlines: &Deadlines,
        clock: Clock,
    ) -> (Now, Gateway) {
        let answers = self.answers_of(address);
        let mut newest = answers.lock().await;
        if let Some(answer) = newest.as_mut()
            && clock.mono().since(answer.at.mono) < fresh
            && answer.told.insert(target)
        {
            return (answer.at, answer.found.clone());
        }
        let _slot = self.slots.acquire().await;
        let roots = self.authorities.read(clock).await;
        let at = clock.now();
        let asking = Asking { address, names, deadlines, roots, clock };
        let found = Box::pin(gateway(&asking)).await;
        let told = BTreeSet::from([target]);
        *newest = Some(Answer { at, found: found.clone(), told });
        (at, found)
    }

    fn answers_of(&self, address: &GatewayAddress) -> Arc<Answers> {
        let host = match &address.host {
            Host::Name(name) => name.trim_end_matches('.').to_ascii_lowercase(),
            address @ Host::Address(..) => address.to_string(),
        };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(answers.entry((host, address.port)).or_default())
    }
}

impl Authorities {
    async fn read(&self, clock: Clock) -> Arc<Roots> {
        let cache = match self {
            Self::Given(roots) => return Arc::clone(roots),
            Self::System(cache) => cache,
        };
        let mut cache = cache.lock().await;
        let now = clock.mono();
        if let Some((at, roots)) = cache.as_ref()
            && now.since(*at) < ROOTS_AGE
        {
            return Arc::clone(roots);
        }
        let read = tokio::task::spawn_blocking(Roots::system).await;
        let roots = Arc::new(read.unwrap_or_else(|_| Roots::of([])));
        *cache = Some((now, Arc::clone(&roots)));
        roots
    }
}
