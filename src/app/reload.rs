//! The configuration file is followed: once a second its text is looked at beside everything
//! else, because not every file system tells of changes. What stood still for a second is taken.

use super::core::Reconfiguration;
use crate::config::{Config, ConfigError, Place, Settings, read_bounded};
use crate::domain::target::{Target, TargetId};
use crate::domain::text::excerpt;
use crate::store;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Largest file that is compared, in bytes; what is larger is refused when it is read.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// So many targets are named.
const NAMED: usize = 3;

/// Reads the configuration as at the start: the file, with environment and command line over it.
pub(super) type Load = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// A configuration file that is followed.
#[derive(Clone)]
pub(super) struct Source {
    /// Where it is, or would be.
    pub(super) path: PathBuf,
    /// Reads it.
    pub(super) load: Load,
}

/// What became of the file: another configuration, or why the one before stays in force.
pub(super) type News = Result<Box<Config>, ConfigError>;

/// The text of a file at a look; the error is a sentence.
type Look = Result<Option<Vec<u8>>, String>;

/// Tells settled changes from texts that are still being written.
#[derive(Debug)]
struct Follower {
    /// What was last acted upon.
    taken: Look,
    /// What the last look saw.
    last: Look,
}

impl Follower {
    fn new(first: Look) -> Self {
        Self { taken: first.clone(), last: first }
    }

    /// Takes a look in. Whether it differs from what was acted upon and stood still since the look
    /// before.
    fn takes(&mut self, look: Look) -> bool {
        let settled = self.last == look;
        self.last = look;
        if settled && self.taken != self.last {
            self.taken = self.last.clone();
            return true;
        }
        false
    }
}

fn look(path: &Path) -> Look {
    match read_bounded(path, MAX_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Follows the file until nobody listens. A look that hangs, as on a network file system that is
/// gone, holds up nothing but the next look.
pub(super) async fn follow(source: Source, news: mpsc::Sender<News>) {
    let path = source.path.clone();
    let Ok(first) = tokio::task::spawn_blocking(move || look(&path)).await else { return };
    let mut follower = Follower::new(first);
    let mut pace = interval(LOOK);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !news.is_closed() {
        pace.tick().await;
        let path = source.path.clone();
        let Ok(seen) = tokio::task::spawn_blocking(move || look(&path)).await else { return };
        if !follower.takes(seen) {
            continue;
        }
        let place = || Place::File(source.path.clone());
        let told = match &follower.taken {
            Ok(Some(_)) => {
                let load = Arc::clone(&source.load);
                let Ok(read) = tokio::task::spawn_blocking(move || load()).await else { return };
                read.map(Box::new)
            }
            Ok(None) => Err(ConfigError { place: place(), message: "it is gone".to_owned() }),
            Err(why) => {
                let message = format!("cannot be read: {}", crate::domain::text::printable(why));
                Err(ConfigError { place: place(), message })
            }
        };
        if news.send(told).await.is_err() {
            return;
        }
    }
}

/// How the targets of a configuration differ from those that are watched.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Everything that is watched from here on.
    pub(super) targets: Vec<Target>,
    /// Of these, the ones that are new.
    pub(super) added: Vec<Target>,
    /// Of these, the ones that were watched already and have other settings.
    pub(super) changed: Vec<Target>,
    /// What is watched no more.
    pub(super) removed: Vec<TargetId>,
}

impl Difference {
    /// The one target that only has another address, or port, by its name: what it was watched as
    /// among those `before`, and what it is watched as from here on.
    pub(super) fn readdressed(&self, before: &[Target]) -> Option<(TargetId, TargetId)> {
        let ([gone], [new]) = (self.removed.as_slice(), self.added.as_slice()) else { return None };
        let former = before.iter().find(|target| target.id == *gone)?;
        (former.name == new.name).then_some((*gone, new.id))
    }
}

/// Gives the targets of a file that was read again the ids that they have: a target is the same
/// when host and port are; of several, the one of the same name. Those in `by_hand`, which were
/// added on the screen, stay whether or not the file has them, with what `inherited` makes of them.
pub(super) fn difference(
    watched: &[Target],
    by_hand: &BTreeSet<TargetId>,
    file: &[Target],
    inherited: impl Fn(&Target) -> Target,
    next_id: &mut u32,
) -> Difference {
    let mut left: BTreeMap<String, Vec<&Target>> = BTreeMap::new();
    for target in watched {
        left.entry(store::key(target)).or_default().push(target);
    }
    let claims: BTreeSet<(String, &str)> =
        file.iter().map(|target| (store::key(target), target.name.as_str())).collect();
    let mut difference = Difference::default();
    for target in file {
        let key = store::key(target);
        let same = left.entry(key.clone()).or_default();
        // Not one that another target of the file has the better claim to.
        let free = |other: &&Target| !claims.contains(&(key.clone(), other.name.as_str()));
        let place = same.iter().position(|other| other.name == target.name);
        let place = place.or_else(|| same.iter().position(free));
        let Some(before) = place.map(|place| same.remove(place)) else {
            let target = Target { id: TargetId(*next_id), ..target.clone() };
            *next_id = next_id.saturating_add(1);
            difference.added.push(target.clone());
            difference.targets.push(target);
            continue;
        };
        let target = Target { id: before.id, ..target.clone() };
        if target != *before {
            difference.changed.push(target.clone());
        }
        difference.targets.push(target);
    }
    let gone: BTreeSet<TargetId> = left.into_values().flatten().map(|target| target.id).collect();
    for target in watched.iter().filter(|target| gone.contains(&target.id)) {
        if by_hand.contains(&target.id) {
            let own = inherited(target);
            if own != *target {
                difference.changed.push(own.clone());
            }
            difference.targets.push(own);
        } else {
            difference.removed.push(target.id);
        }
    }
    difference
}

/// ` (berlin-07, home-pc)`: what a few targets of a configuration are called; nothing for many.
fn called(config: &Config, ids: &[TargetId]) -> String {
    let of = config.targets.iter().filter(|target| ids.contains(&target.id));
    let names: Vec<String> = of.map(|target| excerpt(&target.name, 32)).collect();
    if names.len() > NAMED { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// A target that stands in no file, which has the numbers of the top of the file: with those of
/// `after` in place of those of `before`. What it has of its own stays.
pub(super) fn inherit(before: &Settings, after: &Settings, target: &Target) -> Target {
    let mut target = target.clone();
    if target.thresholds == before.thresholds {
        target.thresholds.clone_from(&after.thresholds);
    }
    if target.alert == before.alert {
        target.alert = after.alert;
    }
    if target.cadence == before.cadence {
        target.cadence = after.cadence;
    }
    if target.deadlines == before.deadlines {
        target.deadlines = after.deadlines;
    }
    target
}

/// What changes for the core from `before` to `after`, whose targets are those of `difference`.
pub(super) fn reconfiguration(
    before: &Config,
    after: &Config,
    difference: Difference,
) -> Reconfiguration {
    let mut words: Vec<String> = [
        (difference.added.len(), "added"),
        (difference.changed.len(), "changed"),
        (difference.removed.len(), "removed"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    // No row tells any more which they were.
    if let Some(removed) = words.last_mut().filter(|_| !difference.removed.is_empty()) {
        removed.push_str(&called(before, &difference.removed));
    }
    if words.is_empty() {
        words.push("the same targets".to_owned());
    }
    let read_only = after.read_only && !before.read_only;
    if before.ui != after.ui {
        words.push("the screen".to_owned());
    }
    let deep = after.deep && !before.deep;
    if deep {
        words.push("deep probes from now on".to_owned());
    }
    if read_only {
        words.push("read-only from now on".to_owned());
    }
    let late: Vec<&str> = [
        ("dns", before.dns != after.dns),
        ("family", before.family != after.family),
        ("icmp", before.icmp != after.icmp),
        ("echo_engine", before.echo_engine != after.echo_engine),
        // What was found up to the certificate could not end without being measured.
        ("deep", before.deep && !after.deep),
        ("read_only", before.read_only && !after.read_only),
        ("ui.view", before.ui.view != after.ui.view),
    ]
    .iter()
    .filter(|(_, differs)| *differs)
    .map(|(name, _)| *name)
    .collect();
    let late = match late.as_slice() {
        [] => String::new(),
        late => format!("; at the next start: {}", late.join(", ")),
    };
    Reconfiguration {
        limits: after.settings.thresholds.clone(),
        alert: after.settings.alert,
        removed: difference.removed,
        changed: difference.changed,
        added: difference.added,
        maintenance: after.maintenance.clone(),
        deep,
        read_only,
        sinks: (before.sinks != after.sinks).then(|| after.sinks.clone()),
        note: format!("the configuration was read again: {}{late}", words.join(", ")),
    }
}

/// Why a file was not taken, for one line of a screen.
pub(super) fn refusal(error: &ConfigError) -> String {
    not_read(&short(error))
}

/// What is said for as long as the file is not taken.
pub(super) fn not_read(why: &str) -> String {
    format!("not read again: {why}")
}

/// A mistake in a file that is named without its folder.
pub(super) fn short(error: &ConfigError) -> String {
    let short = |path: &Path| PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
    let place = match error.place.clone() {
        Place::Text { path, line, column, key } => {
            Place::Text { path: short(&path), line, column, key }
        }
        Place::File(path) => Place::File(short(&path)),
        other => other,
    };
    ConfigError { place, message: error.message.clone() }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::from_text(Path::new("config.toml"), text).expect("it reads")
    }

    fn bytes(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    #[test]
    fn only_what_stood_still_for_a_look_is_taken() {
        let mut follower = Follower::new(Ok(Some(bytes("a"))));
        assert!(!follower.takes(Ok(Some(bytes("a")))));
        // Truncated and written anew, as some editors do.
        assert!(!follower.takes(Ok(Some(bytes("")))));
        assert!(!follower.takes(Ok(Some(bytes("b")))));
        assert!(follower.takes(Ok(Some(bytes("b")))));
        assert!(!follower.takes(Ok(Some(bytes("b")))));
        // Renamed into place.
        assert!(!follower.takes(Ok(None)));
        assert!(!follower.takes(Ok(Some(bytes("b")))));
        assert!(!follower.takes(Ok(Some(bytes("b")))));
        assert!(!follower.takes(Ok(None)));
        assert!(follower.takes(Ok(None)));
        assert!(!follower.takes(Err("no".to_owned())));
        assert!(!follower.takes(Ok(Some(bytes("b")))));
        assert!(follower.takes(Ok(Some(bytes("b")))), "it is back");
    }

    #[test]
    fn a_target_is_the_same_by_host_and_port_whatever_else_changes() {
        let before = config(
            "[[target]]\nname='one'\nhost='a'\n[[target]]\nhost='b'\n[[target]]\nhost='c'\n\
             [[target]]\nname='x'\nhost='d'\n[[target]]\nname='y'\nhost='d'\n",
        );
        let after = config(
            "[[target]]\nhost='new'\n[[target]]\nname='uno'\nhost='A'\nmac='02:11:22:33:44:55'\n\
             [[target]]\nhost='b'\n[[target]]\nhost='c'\nport=1\n\
             [[target]]\nname='z'\nhost='d'\n[[target]]\nname='x'\nhost='d'\n",
        );
        let mut next = 10;
        let hand = BTreeSet::new();
        let found = difference(&before.targets, &hand, &after.targets, Target::clone, &mut next);
        let ids = |targets: &[Target]| -> Vec<(u32, String)> {
            targets.iter().map(|target| (target.id.0, target.name.clone())).collect()
        };
        let named = |list: &[(u32, &str)]| -> Vec<(u32, String)> {
            list.iter().map(|(id, name)| (*id, (*name).to_owned())).collect()
        };
        assert_eq!(ids(&found.added), named(&[(10, "new"), (11, "c")]));
        assert_eq!(ids(&found.changed), named(&[(0, "uno"), (4, "z")]));
        assert_eq!(found.removed, [TargetId(2)]);
        let all = [(10, "new"), (0, "uno"), (1, "b"), (11, "c"), (4, "z"), (3, "x")];
        assert_eq!(ids(&found.targets), named(&all));
        let again = difference(&found.targets, &hand, &after.targets, Target::clone, &mut next);
        assert!(again.added.is_empty() && again.changed.is_empty() && again.removed.is_empty());
    }

    #[test]
    fn what_was_added_on_the_screen_stays_until_the_file_has_it_and_drops_it() {
        let file = config("[[target]]\nhost='a'\n");
        let hand = BTreeSet::from([TargetId(7)]);
        let own = Target { id: TargetId(7), ..config("[[target]]\nhost='h'\n").targets[0].clone() };
        let watched = [file.targets[0].clone(), own.clone()];
        let mut next = 8;
        let kept = difference(&watched, &hand, &file.targets, Target::clone, &mut next);
        assert_eq!(kept.targets, watched);
        let saved = config("[[target]]\nhost='h'\n[[target]]\nhost='a'\n");
        let saved = difference(&watched, &hand, &saved.targets, Target::clone, &mut next);
        assert!(saved.added.is_empty() && saved.removed.is_empty() && saved.changed.is_empty());
    }

    /// It kept the `[alert]` of before until the next start.
    #[test]
    fn what_was_added_on_the_screen_follows_the_top_of_a_file_that_is_read_again() {
        let before = config("[[target]]\nhost='a'\n");
        let after = config("alert.for_critical='5m'\n[cadence]\necho='2s'\n[[target]]\nhost='a'\n");
        let hand = BTreeSet::from([TargetId(7), TargetId(8)]);
        let of = |id, text| Target { id: TargetId(id), ..config(text).targets[0].clone() };
        let own = "[[target]]\nhost='i'\ncadence.echo='3s'\n";
        let watched =
            [of(0, "[[target]]\nhost='a'\n"), of(7, "[[target]]\nhost='h'\n"), of(8, own)];
        let inherited = |target: &Target| inherit(&before.settings, &after.settings, target);
        let found = difference(&watched, &hand, &after.targets, inherited, &mut 9);
        let changed: Vec<u32> = found.changed.iter().map(|target| target.id.0).collect();
        assert_eq!(changed, [0, 7, 8]);
        let [_, added, special] = &found.targets[..] else { panic!("three are watched") };
        assert_eq!(added.alert.for_critical, Duration::from_mins(5));
        assert_eq!(added.cadence.echo, Duration::from_secs(2));
        assert_eq!(special.alert.for_critical, Duration::from_mins(5));
        assert_eq!(special.cadence.echo, Duration::from_secs(3), "what is its own stays");
    }

    #[test]
    fn what_changes_is_told_in_a_line() {
        let before = config("[[target]]\nhost='a'\n");
        let after = config("deep=false\nui.ascii=true\n[[target]]\nhost='b'\n");
        let mut next = 1;
        let found =
            difference(&before.targets, &BTreeSet::new(), &after.targets, Target::clone, &mut next);
        let note = reconfiguration(&before, &after, found).note;
        let expected = "the configuration was read again: 1 added, 1 removed (a), the screen; at the next start: deep";
        assert_eq!(note, expected);
        let back = reconfiguration(&after, &before, Difference::default());
        let expected = "the configuration was read again: the same targets, the screen, deep probes \
            from now on";
        assert!(back.deep && back.note == expected, "{}", back.note);
        let locked = config("read_only=true\nui.view='wall'\n[[target]]\nhost='a'\n");
        let on = reconfiguration(&before, &locked, Difference::default());
        assert!(on.read_only);
        let expected = "the configuration was read again: the same targets, the screen, read-only \
            from now on; at the next start: ui.view";
        assert_eq!(on.note, expected);
        let off = reconfiguration(&locked, &before, Difference::default());
        assert!(!off.read_only && off.note.ends_with("at the next start: read_only, ui.view"));
        let patient = config("alert.remind_every='1m'\n[[target]]\nhost='a'\n");
        let alert = reconfiguration(&before, &patient, Difference::default()).alert;
        assert_eq!(alert.remind_every, Duration::from_mins(1));
        let same = reconfiguration(&before, &before, Difference::default());
        assert_eq!(same.note, "the configuration was read again: the same targets");
        assert!(same.sinks.is_none());
        let wrong = Config::from_text(Path::new("/very/long/config.toml"), "deep = 1\n");
        let wrong = refusal(&wrong.expect_err("wrong"));
        let expected =
            "not read again: config.toml:1:8: deep: expected true or false, found an integer";
        assert_eq!(wrong, expected);
    }
}
