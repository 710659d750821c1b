//! Several programs that tell the same sinks agree on who does.

use crate::domain::sink::{Notice, Secret, SinkEvent, SinkKind, SinkSpec};
use crate::domain::telling::Claim;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, absolute};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Whoever cannot be asked for so long is not: then somebody is told twice.
const PATIENCE: Duration = Duration::from_secs(4);

/// The other programs. The calls block.
pub trait Tellers: Debug + Send + Sync {
    /// What to do about a notice that the sink is to hear, and whether it hears of ends.
    fn claim(&self, sink: &str, ends: bool, notice: &Notice) -> Claim;

    /// What was to be told under `id` is told, or was not taken.
    fn settle(&self, sink: &str, ends: bool, notice: &Notice, id: &str, told: bool);

    /// Of what the sink was told, this program sees what it knows under these ids, and nothing else.
    fn look(&self, sink: &str, ids: &BTreeSet<String>);

    /// The sink is told nothing any more.
    fn leave(&self, sink: &str);
}

/// One sink among the programs that have it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    tellers: Option<Arc<dyn Tellers>>,
    sink: String,
    ends: bool,
}

impl Place {
    pub(super) fn new(tellers: Option<Arc<dyn Tellers>>, spec: &SinkSpec) -> Self {
        let ends = spec.events.contains(&SinkEvent::Resolved);
        Self { tellers, sink: fingerprint(spec), ends }
    }

    /// Whether it is the place of a sink like this one.
    pub(super) fn is_of(&self, spec: &SinkSpec) -> bool {
        self.sink == fingerprint(spec)
    }

    /// Asks whether to tell.
    pub(super) async fn claim(&self, notice: &Arc<Notice>) -> Claim {
        let (place, asked) = (self.clone(), Arc::clone(notice));
        let own = || Claim::Tell(notice.id.clone());
        let Some(tellers) = place.tellers else { return own() };
        let claim = spawn_blocking(move || tellers.claim(&place.sink, place.ends, &asked));
        timeout(PATIENCE, claim).await.ok().and_then(Result::ok).unwrap_or_else(own)
    }

    /// Says what came of it.
    pub(super) async fn settle(&self, notice: &Arc<Notice>, id: String, told: bool) {
        let (place, notice) = (self.clone(), Arc::clone(notice));
        let Some(tellers) = place.tellers else { return };
        let settle =
            spawn_blocking(move || tellers.settle(&place.sink, place.ends, &notice, &id, told));
        // Whoever hears nothing tells once more.
        let _unheard = timeout(PATIENCE, settle).await;
    }

    /// Whether other programs may tell the same sink.
    pub(super) fn is_shared(&self) -> bool {
        self.tellers.is_some()
    }

    /// Says what is seen of what the sink was told.
    pub(super) async fn look(&self, ids: BTreeSet<String>) {
        let place = self.clone();
        let Some(tellers) = place.tellers else { return };
        let look = spawn_blocking(move || tellers.look(&place.sink, &ids));
        // Whoever cannot be asked is asked the next time.
        let _unheard = timeout(PATIENCE, look).await;
    }

    /// Leaves what is open to the others.
    pub(super) fn leave(self) {
        if let Some(tellers) = self.tellers {
            drop(spawn_blocking(move || tellers.leave(&self.sink)));
        }
    }
}

/// The same for the same sink in another program, and another for any other: 16 hex digits made of
/// its name, what it hears of, and where it is (the beginning of SHA-256, FIPS 180-4). No secret can
/// be read from it, though who guesses one can see whether it is right.
fn fingerprint(spec: &SinkSpec) -> String {
    let mut words = vec![spec.name.clone()];
    words.extend(spec.events.iter().map(|event| event.word().to_owned()));
    words.push(spec.kind.word().to_owned());
    match &spec.kind {
        SinkKind::Webhook { url, token, template } => {
            words.extend([Some(url), token.as_ref()].into_iter().flatten().map(plain));
            words.push(format!("{template:?}"));
        }
        SinkKind::Exec(command) => words.extend(command.iter().cloned()),
        SinkKind::File(path) => words.push(whole(path)),
        SinkKind::Bell | SinkKind::Syslog | SinkKind::Journald | SinkKind::Desktop => {}
    }
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.bytes().chain([0])).collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let head = digest.as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(head))
}

/// What tells one secret from another.
fn plain(secret: &Secret) -> String {
    match secret {
        Secret::Plain(text) => text.clone(),
        Secret::Variable(name) => std::env::var(name).unwrap_or_default(),
        Secret::File(path) => whole(path),
    }
}

/// A path from the root: in two folders the same words are two files.
fn whole(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
