//! Things that fail several hosts, and near misses.

use super::*;
use crate::domain::diagnose::fixture::at;
use proptest::prelude::*;

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
const SILENT: How = How::Name(NameOutcome::Timeout);

/// Time passes, and hosts say what the thing is to them.
struct Lab {
    causes: CommonCauses,
    says: Vec<Witness<'static>>,
}

impl Lab {
    fn new() -> Self {
        Self { causes: CommonCauses::default(), says: Vec::new() }
    }

    fn thing() -> Thing {
        Thing::NameServers(vec![[10, 0, 0, 53].into()])
    }

    fn say(&mut self, host: u32, secs: u64, word: Word) {
        let name = NAMES[usize::try_from(host).expect("small")];
        self.says.retain(|one| one.target != TargetId(host));
        self.says.push(Witness {
            target: TargetId(host),
            name,
            word,
            at: at(secs),
            says: None,
            maintained: false,
        });
    }

    /// Hosts failed by probes from `since` on, the newest of which is at `secs`.
    fn fail(&mut self, hosts: std::ops::Range<u32>, since: u64, secs: u64) {
        for host in hosts {
            let stands = since < secs;
            self.say(
                host,
                secs,
                Word::Fails { how: SILENT, severity: Severity::Critical, since: at(since), stands },
            );
        }
    }

    fn work(&mut self, hosts: std::ops::Range<u32>, secs: u64) {
        hosts.for_each(|host| self.say(host, secs, Word::Works));
    }

    /// What they say, counted only.
    fn votes(&self) -> Votes {
        let latest = self.says.iter().filter_map(Witness::fails_since).max();
        let mut votes = Votes::default();
        self.says.iter().for_each(|one| votes.count(one, latest));
        votes
    }

    /// How many fail by it, as it is seen at `secs`; none where nothing is in common.
    fn look(&mut self, secs: u64) -> Option<usize> {
        let heard = BTreeMap::from([(Self::thing(), self.says.clone())]);
        self.causes.observe(&heard, CommonThresholds::default(), at(secs));
        self.causes.open().first().map(|cause| cause.members.len())
    }
}

#[test]
fn hosts_that_fail_by_one_thing_have_one_cause_until_they_are_served() {
    let mut lab = Lab::new();
    lab.fail(0..12, 100, 100);
    assert_eq!(lab.look(105), None, "one answer that did not come is no finding of anybody");
    lab.fail(0..12, 100, 130);
    assert_eq!(lab.look(135), Some(12));
    assert_eq!(lab.causes.open()[0].since, at(100));
    lab.work(0..6, 200);
    assert_eq!(lab.look(201), Some(6), "the others were not asked since");
    lab.work(6..12, 210);
    assert_eq!(lab.look(211), None);
}

#[test]
fn who_fails_on_when_the_others_are_served_fails_by_itself() {
    let mut lab = Lab::new();
    lab.fail(0..12, 100, 130);
    assert_eq!(lab.look(135), Some(12));
    lab.work(0..11, 200);
    assert_eq!(lab.look(201), Some(1), "asked before the first was served");
    lab.fail(11..12, 100, 210);
    assert_eq!(lab.look(215), None);
}

#[test]
fn what_was_not_asked_for_minutes_is_not_waited_for() {
    let mut lab = Lab::new();
    lab.fail(0..12, 100, 130);
    assert_eq!(lab.look(135), Some(12));
    lab.work(0..11, 200);
    assert_eq!(lab.look(500), Some(1));
    assert_eq!(lab.look(501), None);
}

#[test]
fn near_misses_are_told_one_by_one() {
    let mut two = Lab::new();
    two.fail(0..2, 100, 130);
    assert_eq!(two.look(135), None, "two hosts");

    let mut half = Lab::new();
    half.fail(0..6, 100, 130);
    half.work(6..12, 131);
    assert_eq!(half.look(135), None, "as many are served");

    let mut apart = Lab::new();
    for host in 0..3 {
        let since = 100 + 91 * u64::from(host);
        apart.fail(host..host + 1, since, 400);
    }
    assert_eq!(apart.look(405), None, "one after the other");

    let mut renamed = Lab::new();
    renamed.fail(0..3, 100, 130);
    renamed.says.iter_mut().for_each(|one| one.name = "a");
    assert_eq!(renamed.look(135), None, "three targets that are one host");
}

#[test]
fn who_was_served_before_it_failed_has_no_say() {
    let mut lab = Lab::new();
    lab.work(3..12, 99);
    lab.fail(0..3, 100, 130);
    assert_eq!(lab.look(135), Some(3));
    lab.fail(3..9, 140, 140);
    assert_eq!(lab.look(145), Some(9), "they join as they are asked");
}

#[test]
fn who_failed_long_before_is_no_part_of_it() {
    let mut lab = Lab::new();
    lab.fail(0..1, 10, 490);
    lab.fail(1..12, 500, 530);
    assert_eq!(lab.look(535), Some(11));
    let causes = &lab.causes.open()[0];
    assert!(!causes.tells(TargetId(0), RuleId("dns-failure")));
    assert!(causes.tells(TargetId(1), RuleId("dns-failure")));
    assert!(!causes.tells(TargetId(1), RuleId("port-closed")));
}

/// Nobody is asked while this machine is offline, and nothing is heard of who is worked on.
#[test]
fn of_whom_nothing_is_heard_stays_in_it() {
    let mut lab = Lab::new();
    lab.fail(0..12, 100, 130);
    assert_eq!(lab.look(135), Some(12));
    lab.says.clear();
    assert_eq!(lab.look(1_000), Some(12));
    (0..12).for_each(|host| lab.causes.forget(TargetId(host)));
    assert_eq!(lab.look(1_001), None);
}

#[test]
fn another_failure_is_another_number_and_one_that_comes_again_soon_is_not() {
    let mut lab = Lab::new();
    let mut failed = |from: u64| {
        lab.fail(0..12, from, from + 30);
        lab.look(from + 35);
        let number = lab.causes.open()[0].number;
        lab.work(0..12, from + 60);
        assert_eq!(lab.look(from + 61), None);
        number
    };
    assert_eq!((failed(100), failed(300), failed(1_000)), (1, 1, 2));
}

/// A gateway was looked at for one host alone: it is in front of the others as well.
#[test]
fn a_gateway_that_fails_one_fails_all_who_were_not_served_since() {
    let gateway = Thing::Gateway { host: "gw.corp.lab".to_owned(), port: 443 };
    let mut lab = Lab::new();
    lab.work(1..12, 99);
    lab.fail(0..1, 100, 130);
    let look = |lab: &Lab, secs| {
        let heard = BTreeMap::from([(gateway.clone(), lab.says.clone())]);
        let mut causes = CommonCauses::default();
        causes.observe(&heard, CommonThresholds::default(), at(secs));
        causes.open().first().map(|cause| cause.members.len())
    };
    assert_eq!(look(&lab, 135), Some(12));
    assert_eq!(lab.look(135), None, "of a DNS server that says nothing of other names");
    lab.work(1..2, 131);
    assert_eq!(look(&lab, 135), None, "it serves another since");
    lab.says.retain(|one| one.target.0 == 0 || one.target.0 == 2);
    assert_eq!(look(&lab, 135), None, "two hosts alone are behind it");
}

/// The addresses of DNS servers in a file were mended: nobody asks the old one any more.
#[test]
fn a_cause_of_which_nothing_is_heard_any_more_is_over_after_a_while() {
    let mut lab = Lab::new();
    lab.fail(0..12, 100, 130);
    assert_eq!(lab.look(135), Some(12));
    lab.says.clear();
    for secs in 140..=440 {
        assert_eq!(lab.look(secs), Some(12), "it may be asked again: {secs}");
    }
    assert_eq!(lab.look(441), None);
}

const PORT: Thing = Thing::Port(3389);

impl Lab {
    /// Hosts whose port is filtered by probes from `since` on, the newest of which is at `secs`.
    fn filter(&mut self, hosts: std::ops::Range<u32>, since: u64, secs: u64) {
        let how = How::Port(Barred::Filtered);
        for host in hosts {
            let stands = since < secs;
            let word = Word::Fails { how, severity: Severity::Critical, since: at(since), stands };
            self.say(host, secs, word);
        }
    }

    /// How many each cause of the port fails, of how many, as it is seen at `secs`.
    fn look_at_port(&mut self, secs: u64) -> Vec<(usize, usize)> {
        let heard = BTreeMap::from([(PORT, self.says.clone())]);
        self.causes.observe(&heard, CommonThresholds::default(), at(secs));
        self.causes.open().iter().map(|cause| (cause.members.len(), cause.of)).collect()
    }

    fn undecided(&self, secs: u64) -> Vec<u32> {
        let all = undecided(&self.says, CommonThresholds::default(), at(secs));
        all.into_iter().map(|id| id.0).collect()
    }
}

#[test]
fn a_port_that_is_barred_for_some_is_one_cause_until_fewer_than_three_are_left() {
    let mut lab = Lab::new();
    lab.work(4..12, 60);
    lab.filter(0..4, 100, 110);
    assert_eq!(lab.look_at_port(115), [], "too few were asked since to say of how many");
    assert_eq!(lab.undecided(115), [0, 1, 2, 3]);
    lab.work(4..8, 112);
    assert_eq!(lab.look_at_port(116), [(4, 12)]);
    assert_eq!(lab.causes.open()[0].spared.number, 4);
    lab.filter(8..10, 170, 170);
    assert_eq!(lab.look_at_port(176), [(6, 12)]);
    lab.work(0..3, 200);
    assert_eq!(lab.look_at_port(201), [(3, 12)]);
    lab.work(3..4, 201);
    assert_eq!(lab.look_at_port(202), []);
}

#[test]
fn nobody_is_waited_for_longer_than_hosts_fail_together() {
    let mut lab = Lab::new();
    lab.work(4..12, 60);
    lab.filter(0..4, 100, 180);
    assert_eq!((lab.look_at_port(189), lab.undecided(189).len()), (vec![], 4));
    assert_eq!((lab.look_at_port(190), lab.undecided(190).len()), (vec![(4, 12)], 0));
}

#[test]
fn another_wave_at_the_same_port_is_another_cause() {
    let mut lab = Lab::new();
    lab.work(3..12, 101);
    lab.filter(0..3, 100, 110);
    assert_eq!(lab.look_at_port(115), [(3, 12)]);
    lab.work(8..12, 1_001);
    lab.filter(3..8, 1_000, 1_010);
    assert_eq!(lab.look_at_port(1_015), [(3, 7), (5, 9)]);
    let numbers: Vec<u32> = lab.causes.open().iter().map(|cause| cause.number).collect();
    assert_eq!(numbers, [1, 2], "it is told anew");
}

#[test]
fn a_port_that_is_barred_for_one_host_waits_only_until_enough_others_were_reached() {
    let mut lab = Lab::new();
    lab.work(1..12, 60);
    lab.filter(0..1, 100, 110);
    assert_eq!(lab.undecided(111), [0]);
    lab.work(1..9, 105);
    assert_eq!(lab.undecided(111), [0; 0], "eight others were reached");
    lab.work(8..9, 60);
    assert_eq!(lab.undecided(111), [0], "seven were");
    lab.work(1..12, 112);
    assert_eq!(lab.undecided(112), [0; 0], "nobody is left to be asked");

    let mut two = Lab::new();
    two.work(2..12, 60);
    two.filter(0..2, 100, 110);
    two.work(2..11, 105);
    assert_eq!(two.undecided(111), [0, 1], "two fail alike, and one was not asked yet");
    two.work(11..12, 112);
    assert_eq!(two.undecided(112), [0; 0]);

    let mut few = Lab::new();
    few.work(1..2, 60);
    few.filter(0..1, 100, 110);
    assert_eq!(few.undecided(111), [0; 0], "two hosts are never many");
}

#[test]
fn who_fails_at_once_with_enough_others_waits_until_they_are_sure() {
    let mut lab = Lab::new();
    lab.filter(0..1, 100, 110);
    lab.filter(1..4, 105, 105);
    lab.work(4..12, 106);
    assert_eq!((lab.look_at_port(111), lab.undecided(111)), (vec![], vec![0, 1, 2, 3]));
    lab.filter(1..4, 105, 115);
    assert_eq!(lab.look_at_port(120), [(4, 12)]);
}

/// The names of hosts that are worked on were told with the others.
#[test]
fn who_is_worked_on_is_not_told_with_the_others() {
    let worked_on = |lab: &mut Lab, hosts: std::ops::Range<u32>| {
        let those = lab.says.iter_mut().filter(|one| hosts.contains(&one.target.0));
        those.for_each(|one| one.maintained = true);
    };
    let told = |lab: &Lab| {
        let cause = &lab.causes.open()[0];
        (cause.told().map(String::as_str).collect::<String>(), cause.is_maintained())
    };
    let mut lab = Lab::new();
    lab.fail(0..5, 100, 130);
    worked_on(&mut lab, 0..2);
    assert_eq!(lab.look(135), Some(5));
    assert_eq!(told(&lab), ("cde".to_owned(), false));
    worked_on(&mut lab, 0..5);
    assert_eq!(lab.look(136), Some(5));
    assert_eq!(told(&lab), ("abcde".to_owned(), true), "held back, and told when the work is over");
    lab.fail(0..5, 100, 140);
    lab.look(145);
    assert_eq!(told(&lab), ("abcde".to_owned(), false), "the work is over");
}

/// A gateway was looked at for one host so far: the others that are behind it fail as well.
#[test]
fn who_was_not_asked_yet_fails_by_what_is_one_for_all() {
    let certificate = Thing::GatewayCertificate { host: "gw.corp.lab".to_owned(), port: 443 };
    let mut lab = Lab::new();
    lab.fail(0..1, 3, 4);
    (1..12).for_each(|host| lab.say(host, 4, Word::NotAsked));
    let heard = BTreeMap::from([(certificate, lab.says.clone())]);
    lab.causes.observe(&heard, CommonThresholds::default(), at(4));
    assert_eq!(lab.causes.open()[0].members.len(), 12);
}

/// A host that is asked every quarter of a minute may have shown a sign long before.
#[test]
fn a_sign_of_a_line_from_long_before_is_none_of_what_others_have_now() {
    let line = Trouble::Line(LineFault::Loses);
    let limits = CommonThresholds::default();
    let ailing = |signs_at| {
        let mut lab = Lab::new();
        lab.fail(0..4, 1_000, 1_030);
        for host in 4..10 {
            lab.say(host, signs_at, Word::Suffers);
        }
        lab.work(10..12, 1_010);
        undecided_alike(line, &lab.says, limits).len()
    };
    assert_eq!((ailing(950), ailing(900)), (4, 0));
}

/// What each of some hosts says, by numbers: it works, suffers, gets along or fails, since or at then.
fn any_words() -> impl Strategy<Value = Vec<(u8, u64)>> {
    proptest::collection::vec((0..8_u8, 0..90_u64), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever is not looked at closer could not have made a cause.
    #[test]
    fn where_counting_rules_a_cause_out_looking_closer_finds_none(
        all in any_words(),
        trouble in prop_oneof![
            Just(Trouble::Service(ServiceFault::Refused)),
            Just(Trouble::Line(LineFault::Loses)),
        ],
    ) {
        let thing = Thing::Alike(trouble, Shared::All);
        let limits = CommonThresholds::default();
        let mut lab = Lab::new();
        for (host, (what, secs)) in (0_u32..).zip(all) {
            let (severity, since, stands) = (Severity::Critical, at(secs), true);
            let word = match what {
                0 => Word::Works,
                1 => Word::Suffers,
                2 => Word::Without,
                _ => Word::Fails { how: How::Itself, severity, since, stands },
            };
            lab.say(host, secs, word);
        }
        let votes = lab.votes();
        let waits = undecided_alike(trouble, &lab.says, limits);
        lab.causes.observe(&BTreeMap::from([(thing, lab.says)]), limits, at(100));
        let found = !lab.causes.open().is_empty() || !waits.is_empty();
        prop_assert!(votes.may_be_all(trouble, limits) || !found);
    }
}

#[test]
fn who_is_well_since_the_last_began_to_ail_rules_a_cause_out() {
    let limits = CommonThresholds::default();
    let votes = |well_at: u64| {
        let mut lab = Lab::new();
        lab.fail(0..4, 10, 60);
        lab.work(4..12, well_at);
        lab.votes().may_be_all(Trouble::Line(LineFault::Loses), limits)
    };
    assert!(!votes(12));
    assert!(votes(8), "they were not asked since");
}

/// They were counted by what explained them and by their signs, and outweighed those who were well.
#[test]
fn who_shows_signs_after_something_else_explained_them_is_counted_once() {
    let line = Thing::Alike(Trouble::Line(LineFault::Loses), Shared::All);
    let stands = |suffer: u32| {
        let mut lab = Lab::new();
        let look = |lab: &Lab, causes: &mut CommonCauses, secs| {
            let heard = BTreeMap::from([(line.clone(), lab.says.clone())]);
            causes.observe(&heard, CommonThresholds::default(), at(secs));
            causes.open().len()
        };
        let mut causes = CommonCauses::default();
        lab.fail(0..10, 1_000, 1_030);
        assert_eq!(look(&lab, &mut causes, 1_030), 1);
        (0..10).for_each(|host| lab.say(host, 1_040, Word::Explained));
        assert_eq!(look(&lab, &mut causes, 1_040), 1);
        for secs in 1_050..1_120 {
            (0..suffer).for_each(|host| lab.say(host, secs, Word::Suffers));
            lab.work(suffer..10, secs);
            look(&lab, &mut causes, secs);
        }
        causes.open().len()
    };
    assert_eq!((stands(8), stands(7)), (1, 0), "four of five are enough, and fewer are not");
}
