//! Who goes on with what waits where the sinks are others than before.

use super::*;
use crate::domain::untold::Untold;
use std::path::PathBuf;

/// A folder with files of which sinks write, each in a folder of its own that is not there while
/// the sink is down.
struct Places(tempfile::TempDir);

impl Places {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, place: &str) -> PathBuf {
        self.0.path().join(place).join("alerts")
    }

    /// A sink that writes there, of these groups, or of all.
    fn sink(&self, name: &str, place: &str, groups: &[&str]) -> SinkSpec {
        SinkSpec {
            name: name.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            events: vec![SinkEvent::Fired, SinkEvent::Reminded, SinkEvent::Resolved],
            ..sink(SinkKind::File(self.path(place)))
        }
    }

    fn up(&self, place: &str) {
        std::fs::create_dir(self.0.path().join(place)).unwrap();
    }

    /// What was told there.
    fn told(&self, place: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(place)).unwrap_or_default();
        let word = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {}", value["event"].as_str().unwrap(), value["id"].as_str().unwrap())
        };
        text.lines().map(word).collect()
    }

    /// Waits until so much was told there, and a little for more.
    async fn tell(&self, place: &str, expected: &[&str]) {
        for _ in 0..500 {
            if self.told(place).len() >= expected.len() {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_millis(50)).await;
        assert_eq!(self.told(place), expected);
    }
}

/// An alert of a member of this group, whose id is the group's name.
fn of(group: &str, event: SinkEvent) -> Notice {
    Notice {
        id: group.to_owned(),
        group: Some(group.to_owned()),
        host: Some(format!("{group}:3389")),
        ..numbered(1, event)
    }
}

fn fired(group: &str) -> Notice {
    of(group, SinkEvent::Fired)
}

fn over(group: &str) -> Notice {
    of(group, SinkEvent::Resolved)
}

/// By their ids.
pub(super) fn firing(notices: &[Notice]) -> BTreeMap<String, Notice> {
    notices.iter().map(|notice| (notice.id.clone(), notice.clone())).collect()
}

fn start(specs: &[SinkSpec]) -> Sinks {
    Sinks::pausing(specs, 0, AT_ONCE)
}

fn change(sinks: &mut Sinks, specs: &[SinkSpec], notices: &[Notice]) {
    sinks.change(specs, &firing(notices));
    sinks.attend(&BTreeMap::new());
}

/// What another run with these sinks makes of what this one leaves.
fn next_run(before: &Sinks, specs: &[SinkSpec], ids: &[&str]) -> Sinks {
    let mut after = start(specs);
    for id in ids {
        after.recall_heard(id, before.heard(id).as_ref());
    }
    after.recall(&[before.untold(), before.left().to_vec()].concat());
    after.attend(&BTreeMap::new());
    after
}

fn ids(untold: &[Untold]) -> Vec<&str> {
    untold.iter().map(|one| one.id.as_str()).collect()
}

#[tokio::test]
async fn a_sink_without_a_name_does_not_go_on_for_the_one_before_it_that_is_gone() {
    for across in [false, true] {
        let places = Places::new();
        let finance = places.sink("file", "fin", &["finance"]);
        let ops = |name| places.sink(name, "ops", &["ops"]);
        let mut sinks = start(&[finance.clone(), ops("file 2")]);
        sinks.offer(fired("finance"));
        sinks.offer(fired("ops"));
        let both = [fired("finance"), fired("ops")];
        if across {
            sinks = next_run(&sinks, &[ops("file")], &[]);
        } else {
            change(&mut sinks, &[ops("file")], &both);
        }
        places.up("ops");
        places.tell("ops", &["fired ops"]).await;
        // And the one that is put back goes on.
        assert_eq!(ids(sinks.left()), ["finance"]);
        if across {
            sinks = next_run(&sinks, &[finance, ops("file 2")], &["ops"]);
        } else {
            change(&mut sinks, &[finance, ops("file 2")], &both);
        }
        places.up("fin");
        places.tell("fin", &["fired finance"]).await;
        sinks.offer(over("ops"));
        sinks.offer(over("finance"));
        places.tell("ops", &["fired ops", "resolved ops"]).await;
        places.tell("fin", &["fired finance", "resolved finance"]).await;
        assert!(sinks.left().is_empty() && sinks.untold().is_empty());
    }
}

#[tokio::test]
async fn a_sink_that_is_renamed_or_tells_another_place_goes_on_with_what_waits() {
    for (name, place) in [("new", "same"), ("old", "another"), ("new", "another")] {
        for across in [false, true] {
            let places = Places::new();
            let new = places.sink(name, place, &[]);
            let mut sinks = start(&[places.sink("old", "same", &[])]);
            sinks.offer(fired("ops"));
            if across {
                sinks = next_run(&sinks, &[new], &["ops"]);
            } else {
                change(&mut sinks, &[new], &[fired("ops")]);
            }
            places.up(place);
            places.tell(place, &["fired ops"]).await;
            assert_eq!(sinks.statuses()[0].name, name);
        }
    }
}

#[tokio::test]
async fn what_waits_goes_by_what_a_sink_wants_by_now() {
    for across in [false, true] {
        let places = Places::new();
        let pager = |groups: &[&str]| places.sink("pager", "pager", groups);
        let mut sinks = start(&[pager(&["finance", "ops"])]);
        sinks.offer(fired("finance"));
        sinks.offer(fired("ops"));
        // Its work is divided: another takes over the alerts of one group.
        let divided = [pager(&["ops"]), places.sink("another", "another", &["finance"])];
        if across {
            sinks = next_run(&sinks, &divided, &[]);
        } else {
            change(&mut sinks, &divided, &[fired("finance"), fired("ops")]);
        }
        places.up("pager");
        places.up("another");
        places.tell("pager", &["fired ops"]).await;
        places.tell("another", &["fired finance"]).await;
        drop(sinks);
    }
}

#[tokio::test]
async fn what_is_over_is_told_to_no_sink_that_came_since() {
    let places = Places::new();
    let mut sinks = start(&[places.sink("old", "old", &[])]);
    sinks.offer(fired("a"));
    sinks.offer(over("a"));
    sinks.offer(fired("b"));
    change(&mut sinks, &[places.sink("new", "new", &[])], &[]);
    places.up("new");
    places.tell("new", &[]).await;
    assert_eq!(ids(sinks.left()), ["a", "a"], "b is over without a word");
    change(&mut sinks, &[places.sink("old", "old", &[])], &[]);
    places.up("old");
    places.tell("old", &["fired a", "resolved a"]).await;
}

#[tokio::test]
async fn an_end_goes_to_who_heard_and_not_to_who_has_its_number() {
    for across in [false, true] {
        let places = Places::new();
        let (ops, all) = (places.sink("file", "ops", &[]), places.sink("file 2", "all", &[]));
        places.up("ops");
        places.up("all");
        let mut sinks = start(&[ops]);
        sinks.offer(fired("x"));
        places.tell("ops", &["fired x"]).await;
        let specs = [SinkSpec { name: "file".to_owned(), ..all.clone() }];
        if across {
            sinks = next_run(&sinks, &specs, &["x"]);
        } else {
            change(&mut sinks, &specs, &[fired("x")]);
        }
        sinks.offer(over("x"));
        places.tell("all", &[]).await;
        assert_eq!(ids(sinks.left()), ["x"], "it may come back");
        let back = [places.sink("file", "ops", &[])];
        if across {
            sinks = next_run(&sinks, &back, &[]);
        } else {
            change(&mut sinks, &back, &[]);
        }
        places.tell("ops", &["fired x", "resolved x"]).await;
        assert!(sinks.left().is_empty());
    }
}

#[tokio::test]
async fn a_sink_that_tells_another_place_hears_the_ends_that_it_wants() {
    for across in [false, true] {
        let places = Places::new();
        places.up("old");
        places.up("new");
        let mut sinks = start(&[places.sink("pager", "old", &["finance", "ops"])]);
        sinks.offer(fired("finance"));
        sinks.offer(fired("ops"));
        places.tell("old", &["fired finance", "fired ops"]).await;
        let moved = [places.sink("pager", "new", &["ops"])];
        if across {
            sinks = next_run(&sinks, &moved, &["finance", "ops"]);
        } else {
            change(&mut sinks, &moved, &[fired("finance"), fired("ops")]);
        }
        sinks.offer(over("finance"));
        sinks.offer(over("ops"));
        places.tell("new", &["resolved ops"]).await;
    }
}

#[tokio::test]
async fn what_waits_of_a_target_goes_by_the_group_that_it_is_in_by_now() {
    let places = Places::new();
    let mut sinks = start(&[places.sink("a", "a", &["ops"]), places.sink("b", "b", &["finance"])]);
    sinks.offer(fired("ops"));
    let specs = sinks.specs();
    let moved = Notice { group: Some("finance".to_owned()), ..fired("ops") };
    change(&mut sinks, &specs, &[moved]);
    places.up("a");
    places.up("b");
    places.tell("b", &["fired ops"]).await;
    places.tell("a", &[]).await;
    // The group has another name, for its sink too.
    let places = Places::new();
    let mut sinks = start(&[places.sink("a", "a", &["ops"])]);
    sinks.offer(fired("ops"));
    let renamed = Notice { group: Some("plant".to_owned()), ..fired("ops") };
    change(&mut sinks, &[places.sink("a", "a", &["plant"])], &[renamed]);
    places.up("a");
    places.tell("a", &["fired ops"]).await;
}

#[tokio::test]
async fn what_waits_is_kept_by_a_run_without_its_sink_and_so_is_who_heard() {
    let places = Places::new();
    let pager = places.sink("pager", "pager", &[]);
    let mut sinks = start(&[pager.clone(), places.sink("log", "log", &[])]);
    places.up("log");
    sinks.offer(fired("x"));
    places.tell("log", &["fired x"]).await;
    let is_noted = || sinks.untold().iter().all(|one| one.sink == "pager");
    for _ in 0..500 {
        if is_noted() {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    assert!(is_noted());
    // What it is trying ends before there is anybody to hear it.
    sinks.finish(Duration::from_secs(10)).await;
    let between = next_run(&sinks, &[], &["x"]);
    assert_eq!(between.left(), sinks.untold());
    drop(sinks);
    let mut after = next_run(&between, &[pager, places.sink("log", "log", &[])], &["x"]);
    places.up("pager");
    places.tell("pager", &["fired x"]).await;
    after.offer(over("x"));
    places.tell("log", &["fired x", "resolved x"]).await;
    places.tell("pager", &["fired x", "resolved x"]).await;
}

#[tokio::test]
async fn what_an_earlier_version_left_is_told_although_it_does_not_say_who_heard() {
    let places = Places::new();
    let pager = places.sink("pager", "pager", &[]);
    let old = Untold { place: String::new(), ..Untold::of(&pager, &fired("x")) };
    let mut sinks = start(&[pager]);
    sinks.recall_heard("x", None);
    sinks.recall(&[old]);
    sinks.attend(&BTreeMap::new());
    places.up("pager");
    places.tell("pager", &["fired x"]).await;
}
