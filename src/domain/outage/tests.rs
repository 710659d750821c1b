//! Hosts that fall silent together, and near misses.

use super::super::diagnose::fixture::at;
use super::super::tunnel::TunnelChange;
use super::super::way::Way;
use super::*;

/// A server behind a router that is silent since then.
fn member(id: u32, silent_since: Option<u64>) -> Member<'static> {
    Member {
        target: TargetId(id),
        address: IpAddr::from([10, 9, 0, u8::try_from(id).unwrap()]),
        group: Some(if id < 6 { "berlin" } else { "vienna" }),
        routed: true,
        tunnel: None,
        sleeps: false,
        answered: Answered::InThisRun,
        accepts: true,
        silent_since: silent_since.map(at),
        heard: None,
        loses: false,
        refuses: None,
        said: None,
    }
}

fn ground() -> Ground {
    Ground { nearer: Some("10.0.0.1".to_owned()), ..Ground::default() }
}

/// A tunnel that changed, of whose routes nothing is known.
fn changed(secs: u64, what: &str) -> TunnelChange {
    let (left, taken) = (BTreeSet::new(), BTreeSet::new());
    TunnelChange { at: at(secs), what: what.to_owned(), left, taken, of_routes: false, blind: true }
}

/// Twelve hosts of which the first so many are silent since second 100.
fn silent(count: u32) -> Vec<Member<'static>> {
    (0..12).map(|id| member(id, (id < count).then_some(100))).collect()
}

fn began(events: &[OutageEvent]) -> Vec<(Scope, usize)> {
    let began = events.iter().filter_map(|event| match event {
        OutageEvent::Began(outage) => Some((outage.scope.clone(), outage.members.len())),
        OutageEvent::Ended(_) | OutageEvent::Restarted(_) => None,
    });
    began.collect()
}

#[test]
fn a_path_of_twelve_is_one_outage_from_its_beginning_to_its_end() {
    let mut outages = Outages::default();
    assert!(outages.observe(&silent(0), &ground(), at(99)).is_empty());
    let events = outages.observe(&silent(12), &ground(), at(105));
    assert_eq!(began(&events), [(Scope::Routed, 12)]);
    assert!(!outages.open[0].alerts, "told at once, and no alert yet");
    assert!(outages.observe(&silent(12), &ground(), at(114)).is_empty());
    assert!(!outages.open[0].alerts);
    outages.observe(&silent(12), &ground(), at(115));
    assert!(outages.open[0].alerts);
    assert_eq!(outages.open[0].since, at(100));
    // One answer of each may be chance: of a lossy path some come through.
    for secs in 120..125 {
        assert!(outages.observe(&silent(0), &ground(), at(secs)).is_empty(), "{secs}");
        assert!(!outages.open[0].holds(TargetId(3)), "it answers");
    }
    let events = outages.observe(&silent(0), &ground(), at(125));
    assert!(matches!(&events[..], [OutageEvent::Ended(outage)] if outage.members.len() == 12));
    assert!(outages.open.is_empty());
    let [past] = &outages.lately()[..] else { panic!("it is remembered") };
    let lost = |secs| past.lost(TargetId(3), at(secs).mono);
    assert!(lost(100) && lost(119) && !lost(126) && !lost(80));
    assert!(!past.holds(TargetId(3)) && !past.lost(TargetId(77), at(110).mono));
    outages.observe(&silent(0), &ground(), at(125 + 20 * 60 + 1));
    assert!(outages.lately().is_empty(), "and not for ever");
}

#[test]
fn few_hosts_or_a_small_share_are_no_path() {
    for (silent_hosts, of, path) in [(2, 12, false), (3, 12, false), (4, 12, true), (3, 3, true)] {
        let members: Vec<Member<'static>> = (0..of)
            .map(|id| Member { group: None, ..member(id, (id < silent_hosts).then_some(100)) })
            .collect();
        let events = Outages::default().observe(&members, &ground(), at(110));
        assert_eq!(!events.is_empty(), path, "{silent_hosts} of {of}");
    }
}

#[test]
fn a_group_falls_silent_alone() {
    // Three of twelve are a quarter of all and half of their group.
    let events = Outages::default().observe(&silent(3), &ground(), at(110));
    assert_eq!(began(&events), [(Scope::Group("berlin".to_owned()), 3)]);
}

#[test]
fn hosts_that_go_one_by_one_are_no_path() {
    let members: Vec<Member<'static>> =
        (0..12).map(|id| member(id, Some(100 + 50 * u64::from(id)))).collect();
    assert!(Outages::default().observe(&members, &ground(), at(800)).is_empty());
}

/// A home router that drops ping: the own line going down was twelve broken hosts.
#[test]
fn without_anything_nearer_that_answers_only_the_silence_of_all_is_told() {
    let ground = Ground::default();
    assert!(Outages::default().observe(&silent(10), &ground, at(110)).is_empty());
    let events = Outages::default().observe(&silent(12), &ground, at(110));
    let [OutageEvent::Began(outage)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((outage.nearer.as_deref(), outage.owner()), (None, Owner::Client));
}

#[test]
fn hosts_that_were_silent_when_this_run_began_are_a_path_only_where_nobody_answers() {
    let unseen = |count| -> Vec<Member<'static>> {
        silent(count)
            .into_iter()
            .map(|one| Member {
                answered: if one.silent_since.is_none() { one.answered } else { Answered::Never },
                ..one
            })
            .collect()
    };
    assert!(Outages::default().observe(&unseen(11), &ground(), at(110)).is_empty());
    let events = Outages::default().observe(&unseen(12), &ground(), at(110));
    assert_eq!(began(&events), [(Scope::Routed, 12)]);
    // Restarted: eight answered until then, and one was off for an hour.
    let since = |minutes: &dyn Fn(u32) -> u64| -> Vec<Member<'static>> {
        let known = |one: Member<'static>| {
            let minutes = Duration::from_mins(minutes(one.target.0));
            match one.answered {
                Answered::Never => Member { answered: Answered::Before(minutes), ..one },
                _ => one,
            }
        };
        unseen(9).into_iter().map(known).collect()
    };
    let events =
        Outages::default().observe(&since(&|id| 1 + 60 * u64::from(id == 0)), &ground(), at(110));
    assert_eq!(began(&events), [(Scope::Routed, 9)]);
    let apart = since(&|id| 1 + 2 * u64::from(id));
    assert!(Outages::default().observe(&apart, &ground(), at(110)).is_empty(), "hours apart");
}

#[test]
fn a_host_that_is_dialled_elsewhere_is_back_when_it_takes_connections_there() {
    let mut outages = Outages::default();
    outages.observe(&silent(12), &ground(), at(105));
    let elsewhere = |accepts| -> Vec<Member<'static>> {
        let address = IpAddr::from([203, 0, 113, 80]);
        let moved = |one| Member { address, answered: Answered::Never, accepts, ..one };
        silent(0).into_iter().map(moved).collect()
    };
    // Nothing is known of them at first, then nothing is answered there.
    for members in [Vec::new(), elsewhere(false)] {
        for secs in 110..130 {
            assert!(outages.observe(&members, &ground(), at(secs)).is_empty(), "{secs}");
        }
    }
    outages.observe(&elsewhere(true), &ground(), at(130));
    let events = outages.observe(&elsewhere(true), &ground(), at(135));
    assert!(matches!(&events[..], [OutageEvent::Ended(past)] if past.back.len() == 12));
}

#[test]
fn a_path_that_breaks_for_seconds_is_told_from_the_third_time_on_and_as_one() {
    let mut outages = Outages::default();
    let mut numbers = Vec::new();
    for round in 0..5 {
        let begin = 100 + round * 60;
        let down: Vec<Member<'static>> = (0..12).map(|id| member(id, Some(begin))).collect();
        outages.observe(&down, &ground(), at(begin + 5));
        numbers.push((outages.open[0].times, outages.open[0].alerts, outages.open[0].number));
        for secs in [12, 17] {
            outages.observe(&silent(0), &ground(), at(begin + secs));
        }
        assert!(outages.open.is_empty());
    }
    let quiet = (1, false, 0);
    assert_eq!(numbers, [quiet, quiet, (3, true, 1), (4, true, 1), (5, true, 1)]);
}

#[test]
fn pcs_that_go_to_sleep_together_are_no_path_unless_a_tunnel_changed() {
    let asleep: Vec<Member<'static>> =
        silent(12).into_iter().map(|member| Member { sleeps: true, ..member }).collect();
    assert!(Outages::default().observe(&asleep, &ground(), at(110)).is_empty());
    let tunnels = vec![changed(97, "wg0 went down")];
    let events = Outages::default().observe(&asleep, &Ground { tunnels, ..ground() }, at(110));
    assert_eq!(began(&events), [(Scope::Routed, 12)]);
    let OutageEvent::Began(outage) = &events[0] else { panic!("{events:?}") };
    assert_eq!(
        (outage.owner(), outage.tunnel.as_deref()),
        (Owner::Vpn, Some("wg0 went down 3.0 s before"))
    );
    // Two servers among them are too few to speak for the path.
    let mut mixed = asleep;
    mixed.iter_mut().take(2).for_each(|member| member.sleeps = false);
    assert!(Outages::default().observe(&mixed, &ground(), at(110)).is_empty());
}

#[test]
fn one_host_that_several_targets_name_is_no_path() {
    let address = IpAddr::from([10, 9, 0, 1]);
    let members: Vec<Member<'static>> =
        silent(4).into_iter().map(|member| Member { address, ..member }).collect();
    assert!(Outages::default().observe(&members, &ground(), at(110)).is_empty());
}

#[test]
fn a_path_is_back_although_pcs_went_to_sleep_while_it_was_down() {
    let sleepy = |members: Vec<Member<'static>>| -> Vec<Member<'static>> {
        let sleeps = |member: &Member<'_>| member.target.0 < 5;
        members.into_iter().map(|one| Member { sleeps: sleeps(&one), ..one }).collect()
    };
    let mut outages = Outages::default();
    let tunnel = |secs, what| Ground { tunnels: vec![changed(secs, what)], ..ground() };
    let down = tunnel(97, "wg0 went down");
    assert_eq!(outages.observe(&sleepy(silent(12)), &down, at(106)).len(), 1);
    assert!(outages.observe(&sleepy(silent(12)), &down, at(110)).is_empty());
    let up = tunnel(115, "wg0 came up");
    assert!(outages.observe(&sleepy(silent(5)), &up, at(120)).is_empty());
    let events = outages.observe(&sleepy(silent(5)), &up, at(125));
    assert!(matches!(&events[..], [OutageEvent::Ended(_)]), "{events:?}");
    for secs in 126..140 {
        assert!(outages.observe(&sleepy(silent(5)), &up, at(secs)).is_empty(), "{secs}");
    }
}

#[test]
fn a_few_servers_among_many_pcs_are_one_outage_and_not_a_new_one_every_two_looks() {
    let members: Vec<Member<'static>> = silent(4)
        .into_iter()
        .map(|member| Member { sleeps: member.target.0 >= 8, ..member })
        .chain((12..30).map(|id| Member { sleeps: true, ..member(id, None) }))
        .collect();
    let mut outages = Outages::default();
    assert_eq!(outages.observe(&members, &ground(), at(106)).len(), 1);
    for secs in 107..120 {
        assert!(outages.observe(&members, &ground(), at(secs)).is_empty(), "{secs}");
    }
    assert!(outages.open[0].alerts);
}

#[test]
fn who_falls_silent_a_little_later_joins_and_much_later_does_not() {
    let mut outages = Outages::default();
    let mut members = silent(4);
    outages.observe(&members, &ground(), at(106));
    members[4].silent_since = Some(at(110));
    members[5].silent_since = Some(at(130));
    outages.observe(&members, &ground(), at(135));
    let outage = &outages.open[0];
    assert!(outage.holds(TargetId(4)) && !outage.holds(TargetId(5)));
}

#[test]
fn the_rest_of_an_outage_that_is_over_does_not_begin_another_with_the_same_members_at_once() {
    let mut outages = Outages::default();
    outages.observe(&silent(12), &ground(), at(106));
    outages.observe(&silent(2), &ground(), at(120));
    assert_eq!(outages.observe(&silent(2), &ground(), at(125)).len(), 1);
    assert!(outages.observe(&silent(2), &ground(), at(126)).is_empty());
    assert!(outages.open.is_empty());
}

/// A site with two hosts may want to know of it.
#[test]
fn fewer_hosts_are_a_path_where_it_is_configured_so() {
    let two: Vec<Member<'_>> = (0..2).map(|id| member(id, Some(100))).collect();
    let began = |hosts| {
        let limits = PathThresholds { hosts, ..PathThresholds::default() };
        let ground = Ground { limits, ..ground() };
        Outages::default().observe(&two, &ground, at(105)).len()
    };
    assert_eq!((began(3), began(2)), (0, 1));
}

/// Hours ended, work was planned, a group got another name: none of it is an answer.
#[test]
fn nothing_that_is_said_of_its_hosts_ends_an_outage_while_nobody_answers() {
    let asleep = |one| Member { sleeps: true, ..one };
    let renamed = |one| Member { group: Some("berlin-mitte"), ..one };
    for (count, scope, change) in [
        (12, Scope::Routed, &asleep as &dyn Fn(Member<'static>) -> Member<'static>),
        (3, Scope::Group("berlin".to_owned()), &asleep),
        (3, Scope::Group("berlin".to_owned()), &renamed),
    ] {
        let mut outages = Outages::default();
        assert_eq!(
            began(&outages.observe(&silent(count), &ground(), at(106))),
            [(scope, 3.max(count as usize))]
        );
        outages.observe(&silent(count), &ground(), at(118));
        let changed: Vec<Member<'static>> = silent(count).into_iter().map(change).collect();
        for secs in 120..200 {
            assert!(outages.observe(&changed, &ground(), at(secs)).is_empty(), "{count}, {secs}");
        }
        assert_eq!(outages.open[0].silent(), count as usize);
    }
}

/// They were heard one, two, three hours ago: nobody saw them fall silent together.
#[test]
fn hosts_that_an_earlier_run_lost_at_different_hours_are_no_path_even_where_nobody_answers() {
    let heard = |apart: u64| -> Vec<Member<'static>> {
        let ago = |id: u32| Duration::from_secs(3_600 + apart * u64::from(id));
        let found =
            |one: Member<'static>| Member { answered: Answered::Before(ago(one.target.0)), ..one };
        silent(12).into_iter().map(found).collect()
    };
    assert!(Outages::default().observe(&heard(3_600), &ground(), at(130)).is_empty());
    // A VPN that is down at the start: all were heard until the last run ended.
    let events = Outages::default().observe(&heard(1), &ground(), at(106));
    let [OutageEvent::Began(outage)] = &events[..] else { panic!("{events:?}") };
    assert!(outage.found, "and nobody saw how it began");
    // Before a control can have proved itself, nothing is said of this machine's own line.
    let nobody = Ground::default();
    assert!(Outages::default().observe(&heard(1), &nobody, at(120)).is_empty());
    assert_eq!(Outages::default().observe(&heard(1), &nobody, at(126)).len(), 1);
}

/// Hosts that drop ping are asked every quarter of a minute: the last of them was paged as dead.
#[test]
fn a_host_that_is_asked_seldom_joins_by_its_last_answer() {
    let seldom = |heard: u64| -> Vec<Member<'static>> {
        let mut members = silent(11);
        members[11].silent_since = Some(at(heard + 16));
        members[11].heard = Some(at(heard).mono);
        members
    };
    let mut outages = Outages::default();
    assert_eq!(began(&outages.observe(&seldom(99), &ground(), at(132))), [(Scope::Routed, 12)]);
    assert_eq!(outages.open[0].until, at(115), "the last of them is told of");
    let mut outages = Outages::default();
    outages.observe(&silent(11), &ground(), at(105));
    outages.observe(&seldom(99), &ground(), at(132));
    assert!(outages.open[0].holds(TargetId(11)));
    let mut outages = Outages::default();
    outages.observe(&seldom(140), &ground(), at(170));
    assert!(!outages.open[0].holds(TargetId(11)), "it answered long after the first fell silent");
}

#[test]
fn an_outage_grows_by_who_falls_silent_shortly_after_its_newest_member() {
    let mut outages = Outages::default();
    let mut members = silent(4);
    for member in &mut members {
        member.group = None;
    }
    outages.observe(&members, &ground(), at(106));
    for (id, secs) in [(4, 110), (5, 120), (6, 132), (7, 150)] {
        members[id].silent_since = Some(at(secs));
    }
    outages.observe(&members, &ground(), at(155));
    let outage = &outages.open[0];
    assert!(outage.holds(TargetId(6)) && !outage.holds(TargetId(7)), "{outage:?}");
    assert_eq!((outage.until, outage.of), (at(132), 12));
}

#[test]
fn a_path_is_not_back_while_those_who_answer_lose_most() {
    let mut outages = Outages::default();
    outages.observe(&silent(12), &ground(), at(105));
    let lossy: Vec<Member<'static>> =
        silent(0).into_iter().map(|one| Member { loses: true, ..one }).collect();
    for secs in 120..200 {
        assert!(outages.observe(&lossy, &ground(), at(secs)).is_empty(), "{secs}");
    }
    assert_eq!((outages.open[0].silent(), outages.open[0].losing), (12, 12));
    outages.observe(&silent(0), &ground(), at(200));
    assert_eq!(outages.observe(&silent(0), &ground(), at(205)).len(), 1);
}

/// Which change of which tunnel is why hosts fell silent, as it is told.
fn tunnel_of(members: &[Member<'_>], tunnels: Vec<TunnelChange>) -> Option<String> {
    let mut outages = Outages::default();
    outages.observe(members, &Ground { tunnels, ..ground() }, at(105));
    outages.open.first().and_then(|outage| outage.tunnel.clone())
}

/// Any tunnel that changed was the cause of any outage, and the latest change hid the others.
#[test]
fn a_tunnel_is_the_cause_for_those_whose_ways_it_took_along() {
    let hosts = |count: u8| (0..count).map(|id| IpAddr::from([10, 9, 0, id])).collect();
    let known = |secs, what, left| TunnelChange { left, blind: false, ..changed(secs, what) };
    let (went, came) = ("wg0 went down", "wg1 came up");
    let servers = silent(12);
    assert_eq!(
        tunnel_of(&servers, vec![known(97, went, hosts(12)), known(98, came, BTreeSet::new())]),
        Some("wg0 went down 3.0 s before".to_owned())
    );
    assert_eq!(tunnel_of(&servers, vec![known(97, came, BTreeSet::new())]), None);
    // One that takes the ways over breaks them, and one that does so later does not.
    let takes = |secs| TunnelChange { taken: hosts(12), ..known(secs, came, BTreeSet::new()) };
    assert!(tunnel_of(&servers, vec![takes(99)]).is_some());
    assert!(tunnel_of(&servers, vec![takes(104)]).is_none());
    // Of most of them: the others' silence is another one.
    assert!(tunnel_of(&servers, vec![known(97, went, hosts(7))]).is_some());
    assert!(tunnel_of(&servers, vec![known(97, went, hosts(6))]).is_none());
    // They answered without it for a while.
    let heard: Vec<Member<'_>> =
        servers.iter().map(|one| Member { heard: Some(at(99).mono), ..*one }).collect();
    assert!(tunnel_of(&heard, vec![known(97, went, hosts(12))]).is_some());
    assert!(tunnel_of(&heard, vec![known(90, went, hosts(12))]).is_none());
    // Where routes are not known, whoever is on a link of this machine is not behind it.
    let beside: Vec<Member<'_>> =
        servers.iter().map(|one| Member { routed: false, ..*one }).collect();
    assert!(tunnel_of(&servers, vec![changed(97, went)]).is_some());
    assert!(tunnel_of(&beside, vec![changed(97, went)]).is_none());
}

/// The line died, and the VPN that ran over it: the verdict was the VPN from then on.
#[test]
fn a_line_that_is_proven_to_be_dead_outranks_a_tunnel_that_goes_down_after_it() {
    let control = |stretch, name: &str| Some((stretch, name.to_owned()));
    let way = |line_is_dead: bool| Way {
        sound: if line_is_dead {
            control(Stretch::Own, "your own router 192.0.2.1")
        } else {
            control(Stretch::Line, "your VPN's public endpoint 203.0.113.9")
        },
        ailing: control(Stretch::Line, "your VPN's public endpoint 203.0.113.9")
            .filter(|_| line_is_dead),
    };
    let ground = |dead, tunnels| Ground {
        tunnels,
        ways: std::iter::once((None, way(dead))).collect(),
        ..ground()
    };
    let mut outages = Outages::default();
    outages.observe(&silent(12), &ground(true, Vec::new()), at(105));
    let told = |outages: &Outages| (outages.open[0].stretch(), outages.open[0].owner());
    assert_eq!(told(&outages), (Some(Stretch::Line), Owner::Network));
    let down = || vec![changed(122, "wg0 went down")];
    for secs in 123..200 {
        outages.observe(&silent(12), &ground(true, down()), at(secs));
        assert_eq!(told(&outages), (Some(Stretch::Line), Owner::Network), "{secs}");
    }
    assert!(outages.open[0].tunnel.is_some(), "it is told, and is not the cause");
    // The line is back, the tunnel is not.
    outages.observe(&silent(12), &ground(false, down()), at(200));
    assert_eq!(told(&outages).0, Some(Stretch::Line), "one answer may be chance");
    outages.observe(&silent(12), &ground(false, down()), at(216));
    assert_eq!(told(&outages), (None, Owner::Vpn));
}

/// A large server takes its time, and `[thresholds.port-closed] starting` says how long.
#[test]
fn hosts_that_are_given_longer_to_start_are_a_restart_for_longer() {
    let restarted = |starting| {
        let mut outages = Outages::default();
        outages.observe(&silent(12), &ground(), at(105));
        let back = |refuses| -> Vec<Member<'static>> {
            silent(6).into_iter().map(|one| Member { refuses, ..one }).collect()
        };
        outages.observe(&back(None), &ground(), at(120));
        outages.observe(&back(Some(starting)), &ground(), at(420));
        outages.open[0].is_restart()
    };
    assert!(!restarted(Duration::from_mins(3)), "it has had its time");
    assert!(restarted(Duration::from_mins(10)));
}

/// An outage that is over was told with the number of those who came back last.
#[test]
fn an_outage_knows_how_many_were_in_it_at_its_worst() {
    let mut outages = Outages::default();
    for secs in 105..130 {
        outages.observe(&silent(12), &ground(), at(secs));
    }
    let [outage] = &outages.open[..] else { panic!("{:?}", outages.open) };
    assert_eq!((outage.left.len(), outage.most), (12, 12));
    for secs in 130..160 {
        outages.observe(&silent(5), &ground(), at(secs));
    }
    let [outage] = &outages.open[..] else { panic!("{:?}", outages.open) };
    assert_eq!((outage.left.len(), outage.most, &outage.most_within), (5, 12, &None));
}

/// Two were two alerts, each of which named the tunnel.
#[test]
fn two_hosts_are_a_path_when_a_tunnel_is_seen_to_take_their_ways_along() {
    let hosts = |count: u8| (0..count).map(|id| IpAddr::from([10, 9, 0, id])).collect();
    let went = |secs, left| TunnelChange { left, blind: false, ..changed(secs, "wg0 went down") };
    let two: Vec<_> = silent(2).into_iter().take(2).collect();
    let begins = |tunnels| {
        let ground = Ground { tunnels, ..ground() };
        !Outages::default().observe(&two, &ground, at(110)).is_empty()
    };
    assert!(begins(vec![went(98, hosts(2))]));
    assert!(!begins(Vec::new()), "nothing changed");
    assert!(!begins(vec![went(98, BTreeSet::new())]), "it leads elsewhere");
    assert!(!begins(vec![went(98, hosts(1))]), "it led to one of them");
    assert!(!begins(vec![changed(98, "wg0 went down")]), "nobody can tell where it leads");
    assert!(!begins(vec![went(116, hosts(2))]), "each is told of by then");
}
