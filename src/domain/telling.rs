//! Who tells a sink what, where several programs on one state directory have the same sink and watch
//! the same hosts: the first to see an alert tells that it began, the last to see it that it is
//! over. What is in doubt is told: twice is better than never.

use super::finding::Severity;
use super::sink::{Notice, SinkEvent};
use super::time::WallTime;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Whoever tells has so long; then another one does.
const UNDER_WAY: Duration = Duration::from_secs(20);
/// What another one reminded of so lately is not reminded of again.
const REMINDED: Duration = Duration::from_mins(2);
/// Two programs see the same within this long of each other, where nobody hears of ends.
const APART: Duration = Duration::from_secs(90);
/// What was told so long ago is forgotten, unless somebody sees it still.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Most alerts that are kept in mind: those that are over give way, then the oldest.
const MOST: usize = 1_024;
/// Most ids of one alert that are kept in mind; the oldest give way.
const IDS: usize = 32;

/// What was told to whom, and who is at it.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Tellings(Vec<Telling>);

/// One alert and one sink.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Telling {
    /// Which sink, and where it is.
    sink: String,
    host: Option<String>,
    rule: String,
    title: String,
    /// Under which it is told.
    id: String,
    /// How bad it was when it was last told that it began.
    severity: Severity,
    /// Under which programs know it or knew it, the newest last.
    ids: VecDeque<String>,
    /// When somebody first wanted to tell it.
    made: WallTime,
    /// The programs that see it, and under which ids.
    sights: BTreeMap<String, BTreeSet<String>>,
    /// Who told last that it began, and when.
    #[serde(default)]
    begun: Option<(String, WallTime)>,
    /// The programs that saw it then: what they wanted to tell is told.
    #[serde(default)]
    audience: BTreeSet<String>,
    /// Who told anything last.
    #[serde(default)]
    latest: Option<(String, WallTime)>,
    #[serde(default)]
    over: Option<WallTime>,
    /// Who is telling something, and since when.
    #[serde(default)]
    under_way: Option<(String, WallTime)>,
}

/// A program that is about to tell, and what it knows of the others.
pub struct Program<'a> {
    /// Its own name among them.
    pub name: &'a str,
    /// Whether the one of this name runs.
    pub runs: &'a dyn Fn(&str) -> bool,
    /// The time.
    pub now: WallTime,
}

/// What is to be told to whom.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which sink, and where it is.
    pub sink: &'a str,
    /// Whether it hears of ends.
    pub ends: bool,
    /// What.
    pub notice: &'a Notice,
}

/// What a program is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Tell it, under this id.
    Tell(String),
    /// Ask again: another one is at it.
    Wait,
    /// Nothing: another one told it.
    Told,
}

impl std::fmt::Debug for Program<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Program<'_> {
    /// Whether it is another one, and runs.
    fn is_other(&self, name: &str) -> bool {
        name != self.name && (self.runs)(name)
    }

    /// Whether it was within `span` of the time. Whoever waited for another one's step knows an
    /// earlier time than that one.
    fn lately(&self, at: WallTime, span: Duration) -> bool {
        let apart = if at <= self.now { self.now.since(at) } else { at.since(self.now) };
        apart <= span
    }
}

impl Telling {
    fn new(wanted: Wanted<'_>, now: WallTime) -> Self {
        let notice = wanted.notice;
        Self {
            sink: wanted.sink.to_owned(),
            host: notice.host.clone(),
            rule: notice.rule.0.to_owned(),
            title: notice.title.clone(),
            id: notice.id.clone(),
            severity: notice.severity,
            ids: VecDeque::new(),
            made: now,
            sights: BTreeMap::new(),
            begun: None,
            audience: BTreeSet::new(),
            latest: None,
            over: None,
            under_way: None,
        }
    }

    fn see(&mut self, id: &str, program: &str) {
        if !self.ids.iter().any(|known| known == id) {
            let excess = (self.ids.len() + 1).saturating_sub(IDS);
            self.ids.drain(..excess);
            self.ids.push_back(id.to_owned());
        }
        self.sights.entry(program.to_owned()).or_default().insert(id.to_owned());
    }

    /// What `program` knows under this id is over. Whether it sees the alert under another one.
    fn lose_sight(&mut self, id: &str, program: &str) -> bool {
        let Some(ids) = self.sights.get_mut(program) else { return false };
        ids.remove(id);
        let sees = !ids.is_empty();
        if !sees {
            self.sights.remove(program);
        }
        sees
    }

    /// `program` sees under these ids what it sees of it, and nothing else.
    fn look(&mut self, ids: &BTreeSet<String>, program: &str) {
        let seen: BTreeSet<String> =
            self.ids.iter().filter(|id| ids.contains(*id)).cloned().collect();
        if seen.is_empty() {
            self.sights.remove(program);
        } else {
            self.sights.insert(program.to_owned(), seen);
        }
    }

    fn is_seen_by_others(&self, program: &Program<'_>) -> bool {
        self.sights.keys().any(|name| program.is_other(name))
    }

    /// Whether another program that runs sees the same. What is about no host is the same only in
    /// the same words.
    fn is_same(&self, wanted: Wanted<'_>, program: &Program<'_>) -> bool {
        let notice = wanted.notice;
        let subject = self.host == notice.host
            && self.rule == notice.rule.0
            && (notice.host.is_some() || self.title == notice.title);
        // Where nobody hears of ends nobody knows whether it is still the same.
        let lately = wanted.ends
            || self
                .begun
                .as_ref()
                .is_none_or(|(_, at)| notice.since <= *at || notice.since.since(*at) <= APART);
        subject && lately && self.is_seen_by_others(program)
    }

    /// Whether another program is telling something of it.
    fn is_busy(&self, program: &Program<'_>) -> bool {
        let busy = |(name, at): &(String, WallTime)| {
            program.is_other(name) && program.lately(*at, UNDER_WAY)
        };
        self.under_way.as_ref().is_some_and(busy)
    }

    fn touched(&self) -> WallTime {
        let times = [&self.begun, &self.latest, &self.under_way];
        let times = times.into_iter().flatten().map(|(_, at)| *at);
        times.chain(self.over).fold(self.made, WallTime::max)
    }

    /// Whether a program has told what is wanted already. One that runs no more did not mean this,
    /// unless `program` saw the same then: what it told is remembered, and whoever fires it again has
    /// news. What the program itself told under another id is not over as long as somebody else sees
    /// it.
    fn is_told(&self, wanted: Wanted<'_>, program: &Program<'_>) -> bool {
        let others = |by: Option<&(String, WallTime)>| {
            by.filter(|(name, _)| program.is_other(name)).map(|(_, at)| *at)
        };
        match wanted.notice.event {
            SinkEvent::Fired => {
                let says_so = wanted.notice.host.is_some() || self.title == wanted.notice.title;
                let saw_it = self.audience.contains(program.name);
                (saw_it || others(self.begun.as_ref()).is_some())
                    && self.severity >= wanted.notice.severity
                    && says_so
            }
            SinkEvent::Reminded => {
                others(self.latest.as_ref()).is_some_and(|at| program.lately(at, REMINDED))
            }
            SinkEvent::Resolved | SinkEvent::Test => false,
        }
    }
}

impl Tellings {
    /// Says what `program` is to do about a notice; what it is to tell is its own until
    /// [`Tellings::settle`], or for twenty seconds.
    pub fn claim(&mut self, wanted: Wanted<'_>, program: &Program<'_>) -> Claim {
        self.forget(program);
        let notice = wanted.notice;
        if notice.event == SinkEvent::Test {
            return Claim::Tell(notice.id.clone());
        }
        let Some(telling) = self.find(wanted, program) else {
            if notice.event == SinkEvent::Resolved && self.is_over(wanted) {
                return Claim::Told;
            }
            if notice.event != SinkEvent::Fired {
                return Claim::Tell(notice.id.clone());
            }
            let mut telling = Telling::new(wanted, program.now);
            telling.see(&notice.id, program.name);
            telling.under_way = Some((program.name.to_owned(), program.now));
            self.0.push(telling);
            return Claim::Tell(notice.id.clone());
        };
        if telling.is_busy(program) {
            return Claim::Wait;
        }
        if notice.event == SinkEvent::Resolved {
            if telling.lose_sight(&notice.id, program.name) {
                return Claim::Told;
            }
            if telling.is_seen_by_others(program) {
                return Claim::Wait;
            }
        } else {
            telling.see(&notice.id, program.name);
            if telling.is_told(wanted, program) {
                return Claim::Told;
            }
        }
        telling.under_way = Some((program.name.to_owned(), program.now));
        Claim::Tell(telling.id.clone())
    }

    /// What `program` was to tell under this id is told, or was not taken.
    pub fn settle(&mut self, wanted: Wanted<'_>, id: &str, told: bool, program: &Program<'_>) {
        let own = |telling: &&mut Telling| {
            let by = telling.under_way.as_ref().map(|(name, _)| name.as_str());
            telling.sink == wanted.sink && telling.id == id && by == Some(program.name)
        };
        let Some(telling) = self.0.iter_mut().find(own) else { return };
        telling.under_way = None;
        if !told {
            return;
        }
        let by = (program.name.to_owned(), program.now);
        telling.latest = Some(by.clone());
        match wanted.notice.event {
            SinkEvent::Fired => {
                telling.severity = wanted.notice.severity;
                telling.title.clone_from(&wanted.notice.title);
                telling.audience = telling.sights.keys().cloned().collect();
                telling.audience.insert(by.0.clone());
                telling.begun = Some(by);
            }
            SinkEvent::Resolved => {
                telling.over = Some(program.now);
                telling.sights.clear();
            }
            SinkEvent::Reminded | SinkEvent::Test => {}
        }
    }

    /// `program` tells this sink nothing any more.
    pub fn leave(&mut self, sink: &str, program: &str) {
        for telling in self.0.iter_mut().filter(|telling| telling.sink == sink) {
            telling.sights.remove(program);
        }
    }

    /// `program` sees, of all that this sink was told, what is known under these ids, which it may
    /// have from an earlier run, and nothing else.
    pub fn look(&mut self, sink: &str, ids: &BTreeSet<String>, program: &str) {
        let open = |telling: &&mut Telling| telling.sink == sink && telling.over.is_none();
        for telling in self.0.iter_mut().filter(open) {
            telling.look(ids, program);
        }
    }

    /// The one that is not over: of the same id, or of what another program sees too.
    fn find(&mut self, wanted: Wanted<'_>, program: &Program<'_>) -> Option<&mut Telling> {
        let open = |telling: &&Telling| telling.sink == wanted.sink && telling.over.is_none();
        let open = || self.0.iter().filter(open);
        let notice = wanted.notice;
        let same = open().find(|telling| telling.ids.contains(&notice.id)).or_else(|| {
            let begins = notice.event == SinkEvent::Fired;
            open().find(|telling| begins && telling.is_same(wanted, program))
        });
        let id = same?.id.clone();
        self.0.iter_mut().find(|one| one.sink == wanted.sink && one.over.is_none() && one.id == id)
    }

    /// Whether another one told that it is over.
    fn is_over(&self, wanted: Wanted<'_>) -> bool {
        let own = |one: &&Telling| one.sink == wanted.sink && one.over.is_some();
        self.0.iter().filter(own).any(|one| one.ids.contains(&wanted.notice.id))
    }

    /// Forgets programs that are gone, and what was told long ago.
    fn forget(&mut self, program: &Program<'_>) {
        let mut running = BTreeMap::new();
        let mut runs = |name: &str| {
            *running
                .entry(name.to_owned())
                .or_insert_with(|| name == program.name || (program.runs)(name))
        };
        for telling in &mut self.0 {
            telling.sights.retain(|name, _| runs(name));
            telling.audience.retain(|name| runs(name));
        }
        let fresh = |one: &Telling| program.now.since(one.touched()) <= KEPT;
        self.0.retain(|one| !one.sights.is_empty() || fresh(one));
        for gives_way in [|one: &Telling| one.over.is_some(), |_: &Telling| true] {
            let mut excess = self.0.len().saturating_sub(MOST - 1);
            self.0.retain(|one| {
                let goes = excess > 0 && gives_way(one);
                excess -= usize::from(goes);
                !goes
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::RuleId;
    use SinkEvent::{Fired, Reminded, Resolved};

    fn at(second: i64) -> WallTime {
        WallTime::from_unix_secs(second)
    }

    fn notice(id: &str, event: SinkEvent) -> Notice {
        let rule = RuleId("port-closed");
        Notice { id: id.to_owned(), event, rule, ..Notice::test(at(0)) }
    }

    /// Two programs, `a` and `b`, and one sink.
    struct Two {
        tellings: Tellings,
        running: &'static str,
        now: i64,
    }

    impl Two {
        fn new() -> Self {
            Self { tellings: Tellings::default(), running: "ab", now: 100 }
        }

        fn program<T>(
            &mut self,
            name: &str,
            act: impl FnOnce(&mut Tellings, &Program<'_>) -> T,
        ) -> T {
            let running = self.running;
            let runs = |name: &str| running.contains(name);
            act(&mut self.tellings, &Program { name, runs: &runs, now: at(self.now) })
        }

        fn claim(&mut self, name: &str, notice: &Notice) -> Claim {
            let wanted = Wanted { sink: "pager", ends: true, notice };
            self.program(name, |tellings, program| tellings.claim(wanted, program))
        }

        fn settle(&mut self, name: &str, notice: &Notice, id: &str, told: bool) {
            let wanted = Wanted { sink: "pager", ends: true, notice };
            self.program(name, |tellings, program| tellings.settle(wanted, id, told, program));
        }

        /// Claims and tells. Under which id.
        fn tell(&mut self, name: &str, notice: &Notice) -> Option<String> {
            let Claim::Tell(id) = self.claim(name, notice) else { return None };
            self.settle(name, notice, &id, true);
            Some(id)
        }
    }

    #[test]
    fn the_first_tells_the_beginning_and_the_last_the_end_under_one_id() {
        let mut two = Two::new();
        assert_eq!(two.tell("a", &notice("1", Fired)).as_deref(), Some("1"));
        two.now += 40;
        assert_eq!(two.claim("b", &notice("2", Fired)), Claim::Told);
        assert_eq!(two.tell("a", &notice("1", Reminded)).as_deref(), Some("1"));
        assert_eq!(two.claim("b", &notice("2", Reminded)), Claim::Told);
        assert_eq!(two.claim("a", &notice("1", Resolved)), Claim::Wait, "the other sees it");
        assert_eq!(two.tell("b", &notice("2", Resolved)).as_deref(), Some("1"));
        assert_eq!(two.claim("a", &notice("1", Resolved)), Claim::Told);
        assert_eq!(two.tell("b", &notice("3", Fired)).as_deref(), Some("3"), "another one");
    }

    #[test]
    fn whoever_dies_before_telling_is_not_waited_for_and_what_failed_is_anybodys() {
        let mut two = Two::new();
        assert_eq!(two.claim("a", &notice("1", Fired)), Claim::Tell("1".to_owned()));
        assert_eq!(two.claim("b", &notice("2", Fired)), Claim::Wait);
        two.settle("a", &notice("1", Fired), "1", false);
        assert_eq!(two.claim("b", &notice("2", Fired)), Claim::Tell("1".to_owned()));
        two.now += 21;
        assert_eq!(two.claim("a", &notice("1", Fired)), Claim::Tell("1".to_owned()), "it hangs");
        two.running = "b";
        assert_eq!(two.tell("b", &notice("2", Fired)).as_deref(), Some("1"), "it is dead");
        assert_eq!(two.tell("b", &notice("2", Resolved)).as_deref(), Some("1"));
        let mut two = Two::new();
        two.tell("a", &notice("1", Fired));
        two.running = "b";
        assert_eq!(two.tell("b", &notice("2", Fired)).as_deref(), Some("2"), "twice, not never");
    }

    #[test]
    fn what_got_worse_what_another_machine_and_another_sink_is_told() {
        let mut two = Two::new();
        let mild = Notice { severity: Severity::Warning, ..notice("1", Fired) };
        two.tell("a", &mild);
        assert_eq!(two.tell("b", &notice("2", Fired)).as_deref(), Some("1"), "worse");
        assert_eq!(two.claim("a", &notice("1", Fired)), Claim::Told);
        let host = Some("other:3389".to_owned());
        assert!(two.tell("b", &Notice { host, ..notice("3", Fired) }).is_some());
        let path =
            |id, title: &str| Notice { host: None, title: title.to_owned(), ..notice(id, Fired) };
        two.tell("a", &path("4", "path down: 3 of 3 hosts of berlin"));
        assert!(two.tell("b", &path("5", "path down: 4 of 4 hosts of vienna")).is_some());
        assert_eq!(two.claim("b", &path("6", "path down: 3 of 3 hosts of berlin")), Claim::Told);
        let wanted = Wanted { sink: "chat", ends: true, notice: &notice("7", Fired) };
        let claim = two.program("b", |tellings, program| tellings.claim(wanted, program));
        assert_eq!(claim, Claim::Tell("7".to_owned()));
    }

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn an_end_is_left_to_others_while_they_see_it_and_never_lost() {
        let mut two = Two::new();
        two.tell("a", &notice("1", Fired));
        two.claim("b", &notice("2", Fired));
        two.now += 6 * 24 * 3_600;
        assert_eq!(two.claim("a", &notice("1", Resolved)), Claim::Wait, "b sees it");
        two.running = "a";
        assert_eq!(two.tell("a", &notice("1", Resolved)).as_deref(), Some("1"), "b is gone");
        two.running = "ab";
        assert_eq!(two.claim("b", &notice("2", Resolved)), Claim::Told);
        // Of what another run told, and of what nobody knows.
        assert_eq!(two.tell("b", &notice("9", Resolved)).as_deref(), Some("9"));
        // Who has the sink no more leaves nothing open.
        two.tell("b", &notice("3", Fired));
        two.tellings.leave("pager", "b");
        assert_eq!(two.tell("a", &notice("4", Fired)).as_deref(), Some("4"));
    }

    /// One dashboard was restarted, or looks more often: its old end is no end of what it sees anew.
    #[test]
    fn whoever_sees_it_anew_does_not_end_it_by_its_old_end() {
        let mut two = Two::new();
        two.tell("a", &notice("1", Fired));
        assert_eq!(two.claim("b", &notice("2", Fired)), Claim::Told);
        assert_eq!(two.claim("a", &notice("1", Resolved)), Claim::Wait);
        assert_eq!(two.claim("a", &notice("3", Fired)), Claim::Told, "it was never over");
        assert_eq!(two.claim("a", &notice("1", Resolved)), Claim::Told, "nothing to tell");
        assert_eq!(two.claim("b", &notice("2", Resolved)), Claim::Wait, "a sees it anew");
        assert_eq!(two.tell("a", &notice("3", Resolved)).as_deref(), Some("1"));
        assert_eq!(two.claim("b", &notice("2", Resolved)), Claim::Told);
    }

    /// It shows what an earlier run told, and never says itself that it began.
    #[test]
    fn what_is_recalled_after_a_restart_is_seen_too() {
        let mut two = Two::new();
        two.tell("a", &notice("1", Fired));
        two.claim("b", &notice("2", Fired));
        two.running = "bc";
        two.tellings.look("pager", &ids(&["1", "8"]), "c");
        assert_eq!(two.claim("b", &notice("2", Resolved)), Claim::Wait, "c sees it");
        two.tellings.look("pager", &ids(&["8"]), "c");
        assert_eq!(two.tell("b", &notice("2", Resolved)).as_deref(), Some("1"));
        two.tellings.look("pager", &ids(&["1"]), "c");
        assert_eq!(two.tell("b", &notice("4", Fired)).as_deref(), Some("4"), "another one");
    }

    #[test]
    fn where_nobody_hears_of_ends_only_what_is_seen_at_one_time_is_the_same() {
        let mut two = Two::new();
        let mut claim = |name, second: i64, since: i64| {
            two.now = second;
            let notice = Notice { since: at(since), ..notice(&format!("{name}{since}"), Fired) };
            let wanted = Wanted { sink: "pager", ends: false, notice: &notice };
            let claim = two.program(name, |tellings, program| tellings.claim(wanted, program));
            if let Claim::Tell(id) = &claim {
                two.program(name, |tellings, program| {
                    tellings.settle(wanted, id, true, program);
                });
            }
            claim != Claim::Told
        };
        assert!(claim("a", 100, 90));
        assert!(!claim("b", 130, 120));
        assert!(claim("b", 400, 390), "another one");
        assert!(!claim("a", 410, 395));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut two = Two::new();
        for number in 0..2_000 {
            let host = Some(format!("pc-{number}:3389"));
            two.tell("a", &Notice { host, ..notice(&number.to_string(), Fired) });
        }
        assert_eq!(two.tellings.0.len(), MOST);
        two.tellings.leave("pager", "a");
        two.now += 8 * 24 * 3_600;
        two.tell("a", &notice("new", Fired));
        assert_eq!(two.tellings.0.len(), 1);
        // What is over gives way first, and of one that comes and goes the oldest ids do.
        for number in 0..2_000 {
            let host = Some(format!("pc-{number}:3389"));
            two.tell("a", &Notice { host: host.clone(), ..notice(&number.to_string(), Fired) });
            two.tell("a", &Notice { host, ..notice(&number.to_string(), Resolved) });
        }
        assert!(two.tellings.0.iter().any(|one| one.id == "new"));
        for number in 0..100 {
            two.tell("b", &notice(&format!("b{number}"), Fired));
        }
        assert!(two.tellings.0.iter().all(|one| one.ids.len() <= IDS));
    }

    /// Both wait for a sink that is down, and one ends as soon as it got through.
    #[test]
    fn what_was_told_while_a_program_waited_to_tell_it_is_told_although_the_teller_ended() {
        let mut two = Two::new();
        let (first, second) = (notice("1", Fired), notice("2", Fired));
        let Claim::Tell(id) = two.claim("a", &first) else { panic!("nobody is at it") };
        two.settle("a", &first, &id, false);
        assert_eq!(two.tell("b", &second).as_deref(), Some("1"));
        two.running = "a";
        assert_eq!(two.claim("a", &first), Claim::Told);
        let again = Notice { severity: Severity::Critical, ..first };
        two.running = "c";
        assert_eq!(two.claim("c", &again), Claim::Tell("1".to_owned()), "another run has news");
    }

    /// It was critical, calmed, and the program was started anew.
    #[test]
    fn what_fires_again_after_a_restart_is_told_although_the_former_run_told_it_once() {
        let mut two = Two::new();
        let fired = notice("1", Fired);
        assert_eq!(two.tell("a", &fired).as_deref(), Some("1"));
        assert_eq!(two.claim("b", &fired), Claim::Told, "while the one that told it runs");
        two.running = "b";
        assert_eq!(two.claim("b", &fired), Claim::Tell("1".to_owned()));
    }
}
