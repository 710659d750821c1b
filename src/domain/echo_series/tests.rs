//! What a series of echoes adds up to.

use super::*;
use proptest::prelude::*;
use std::net::IpAddr;

fn at(secs: u64) -> Now {
    Now { mono: MonoTime::from_secs(secs), wall: crate::domain::time::WallTime::from_unix_secs(0) }
}

fn echo(outcome: EchoOutcome) -> Echo {
    Echo { method: EchoMethod::Icmp, address: IpAddr::from([127, 0, 0, 1]), outcome }
}

fn ok(ms: u64) -> Echo {
    echo(EchoOutcome::Reply { rtt: Duration::from_millis(ms), ttl: None })
}

fn series(outcomes: &[Echo]) -> EchoSeries {
    let mut series = EchoSeries::default();
    for (seq, outcome) in (0_u64..).zip(outcomes) {
        series.push(seq, at(seq), *outcome);
    }
    series
}

#[test]
fn nothing_measured_is_no_number() {
    let stats = EchoSeries::default().total();
    assert_eq!((stats.loss(), stats.last, stats.p95, stats.jitter), (None, None, None, None));
}

#[test]
fn a_gap_breaks_the_chain_of_jitter() {
    let lost = echo(EchoOutcome::Lost);
    let stats = series(&[ok(10), ok(12), lost, ok(50), ok(51)]).total();
    assert_eq!(stats.jitter, Some(Duration::from_micros(1_500)));
    assert_eq!((stats.sent, stats.received, stats.lost, stats.longest_burst), (5, 4, 1, 1));
    assert_eq!(stats.loss(), Some(0.2));
}

#[test]
fn a_late_reply_is_late_and_no_longer_lost() {
    let mut series = series(&[ok(1), echo(EchoOutcome::Lost), ok(1)]);
    assert_eq!(series.total().lost, 1);
    series.push(1, at(1), echo(EchoOutcome::Late { rtt: Duration::from_secs(3) }));
    let stats = series.total();
    assert_eq!((stats.lost, stats.late, stats.received), (0, 1, 2));
    assert_eq!(stats.max, Some(Duration::from_millis(1)));
}

#[test]
fn void_requests_are_neither_lost_nor_received() {
    let stats = series(&[ok(1), echo(EchoOutcome::Void(LocalFault::Stalled))]).total();
    assert_eq!((stats.sent, stats.lost, stats.void), (1, 0, 1));
}

#[test]
fn losses_of_an_offline_monitor_become_void() {
    let lost = echo(EchoOutcome::Lost);
    let mut series = series(&[ok(1), lost, ok(1), lost, lost]);
    series.void_losses_since(MonoTime::from_secs(2));
    let stats = series.total();
    assert_eq!((stats.lost, stats.void, stats.received), (1, 2, 2));
}

#[test]
fn totals_do_not_depend_on_what_was_folded() {
    let outcomes: Vec<Echo> = (0..POINTS + 150)
        .map(|i| if i % 10 == 3 { echo(EchoOutcome::Lost) } else { ok(5) })
        .collect();
    let stats = series(&outcomes).total();
    assert_eq!((stats.sent, stats.lost), (750, 75));
    assert_eq!(
        stats.median,
        Some(Duration::from_millis(5)).map(|ms| stats.median.map_or(ms, |m| m))
    );
    assert!(
        stats
            .median
            .is_some_and(|m| m.abs_diff(Duration::from_millis(5)) < Duration::from_micros(50))
    );
}

#[test]
fn out_of_order_outcomes_are_put_in_order() {
    let mut series = EchoSeries::default();
    series.push(2, at(2), ok(3));
    series.push(1, at(1), echo(EchoOutcome::Lost));
    assert_eq!(series.points().map(|point| point.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(series.trailing_losses().0, 0);
}

#[test]
fn the_search_from_the_newest_finds_what_a_search_of_all_finds() {
    for count in [0, 1, 2, 3, 7, 64, 600, 700] {
        let mut series = EchoSeries::default();
        for seq in 0..count {
            // Two at the same moment now and then.
            series.push(seq, at(seq / 3 * 2), echo(EchoOutcome::Lost));
        }
        for secs in 0..count + 2 {
            let start = MonoTime::from_secs(secs);
            let expected = series.points.partition_point(|point| point.at.mono < start);
            assert_eq!(series.first_since(start), expected, "{count} points, {secs} s");
        }
    }
}

#[test]
fn a_reply_with_a_number_above_all_others_does_not_hide_later_losses() {
    let mut series = EchoSeries::default();
    series.push(1 << 48, at(1), ok(3));
    for second in 2..8 {
        series.push(second, at(second), echo(EchoOutcome::Lost));
    }
    assert_eq!(series.trailing_losses().0, 6);
    assert_eq!(series.last().map(|point| point.seq), Some(7));
    assert_eq!(series.within(MonoTime::from_secs(8), Duration::from_secs(3)).count(), 3);
    series.void_losses_since(MonoTime::from_secs(2));
    assert_eq!(series.losses(), 0);
}

#[test]
fn probes_of_two_kinds_with_the_same_number_are_two_requests() {
    let mut series = EchoSeries::default();
    series.push(0, at(1), ok(3));
    series.push(1, at(2), ok(3));
    series.push(0, at(3), echo(EchoOutcome::Lost));
    let stats = series.total();
    assert_eq!((stats.sent, stats.lost), (3, 1));
    assert_eq!(series.trailing_losses().0, 1);
}

#[test]
fn a_sparkline_shows_gaps_where_nothing_was_known() {
    let series = series(&[ok(1), echo(EchoOutcome::Lost), ok(2)]);
    assert_eq!(
        series.spark(MonoTime::from_secs(3), 5),
        [
            Spark::Blank,
            Spark::Rtt(Duration::from_millis(1)),
            Spark::Lost,
            Spark::Rtt(Duration::from_millis(2)),
            Spark::Blank
        ]
    );
}

#[test]
fn percentiles_are_nearest_rank() {
    let ms = |ms| Duration::from_millis(ms);
    let sorted: Vec<Duration> = (1..=20).map(ms).collect();
    assert_eq!(nearest_rank(&sorted, 50), Some(ms(10)));
    assert_eq!(nearest_rank(&sorted, 95), Some(ms(19)));
    assert_eq!(nearest_rank(&[], 95), None);
}

/// Ten minutes after a host fell silent its silence began ever later, with that of all others.
#[test]
fn a_silence_longer_than_what_is_kept_began_when_it_began() {
    let mut series = EchoSeries::default();
    (0..100).for_each(|secs| series.push(secs, at(secs), ok(3)));
    (100..2_000).for_each(|secs| series.push(secs, at(secs), echo(EchoOutcome::Lost)));
    assert_eq!(series.trailing_losses(), (1_900, Some(at(100))));
    assert_eq!(series.answered_before(), Some(at(99)));
    assert_eq!(series.silent_before(), Some(at(100)));
    series.push(2_000, at(2_000), ok(3));
    assert_eq!(series.trailing_losses(), (0, None));
    (2_001..2_700).for_each(|secs| series.push(secs, at(secs), echo(EchoOutcome::Lost)));
    assert_eq!(series.trailing_losses(), (699, Some(at(2_001))));
}

/// Of a VPN that loses most, one answer in between was taken for a path that is back.
#[test]
fn loss_of_this_moment_is_a_rate_and_no_gap_that_is_over() {
    let lost = echo(EchoOutcome::Lost);
    let row = |word: &str| -> EchoSeries {
        series(&word.chars().map(|one| if one == '.' { ok(20) } else { lost }).collect::<Vec<_>>())
    };
    let heavily = |word: &str| {
        let newest = u64::try_from(word.len()).unwrap_or_default();
        row(word).loses_heavily(MonoTime::from_secs(newest))
    };
    assert!(heavily("..........xxx.xx.x.xx.x"));
    assert!(!heavily("....................") && !heavily("...x.......x......x."));
    // A gap is over: the first answers, and when only its end lies in the span.
    assert!(!heavily("......xxxxxxxxxx...") && !heavily("......xxxxxxxxxx......."));
    assert!(!heavily("xxxxxxxxxxxxxxx.x"), "too few to say");
    assert!(!EchoSeries::default().loses_heavily(MonoTime::from_secs(1)));
}

/// Connections a quarter of a minute apart that took so many milliseconds; 0: not answered.
fn connections(took: &[u64]) -> EchoSeries {
    let mut series = EchoSeries::default();
    for (seq, took) in (0_u64..).zip(took) {
        let outcome = if *took == 0 { EchoOutcome::Lost } else { ok(*took).outcome };
        series.push(seq, at(15 * seq), Echo { method: EchoMethod::Tcp, ..echo(outcome) });
    }
    series
}

/// The numbers of those whose SYN had to be sent again.
fn resent(series: &EchoSeries) -> Vec<u64> {
    let resent = series.resent();
    series.points().filter(|point| resent.has(point)).map(|point| point.seq).collect()
}

#[test]
fn a_connection_that_opens_whole_seconds_later_than_those_around_it_was_asked_again() {
    assert_eq!(resent(&connections(&[20, 1_020, 20, 20, 3_025, 22, 0, 1_190, 150])), [1, 4, 7]);
    assert_eq!(resent(&connections(&[20, 1_020, 3_020, 1_020, 20])), [1, 2, 3], "amid others");
    assert_eq!(resent(&connections(&[20, 520, 20, 1_600, 20, 2_480, 20])), [0; 0], "slow answers");
    assert_eq!(resent(&connections(&[20, 20, 1_020])), [0; 0], "the line may be slow by now");
    assert_eq!(resent(&connections(&[1_020, 20, 20])), [0; 0], "or have been");
}

#[test]
fn a_line_that_is_a_second_slower_from_then_on_is_not_one_that_loses() {
    let slow = [vec![20; 20], vec![1_020; 40], vec![20; 20]].concat();
    assert_eq!(resent(&connections(&slow)), [0; 0]);
    let mut pings = series(&[ok(20), ok(1_020), ok(20)]);
    assert_eq!(resent(&pings), [0; 0], "an echo request is not sent again");
    pings.reset();
    assert_eq!(resent(&pings), [0; 0]);
}

/// Requests a second apart: answered nearly alike mostly, else unevenly, late, lost or void; some once
/// more, and some out of order.
fn any_series() -> impl Strategy<Value = Vec<(u64, Echo)>> {
    let alike = (18..30_u64).prop_map(ok);
    let other = prop_oneof![
        (1..90_u64).prop_map(ok),
        Just(echo(EchoOutcome::Lost)),
        Just(echo(EchoOutcome::Late { rtt: Duration::from_secs(3) })),
        Just(echo(EchoOutcome::Void(LocalFault::Stalled))),
    ];
    let one = (prop_oneof![12 => Just(0_u64), 1 => 1..4_u64], prop_oneof![9 => alike, 1 => other]);
    proptest::collection::vec(one, 1..120).prop_map(|all| {
        let place = |(index, (back, echo)): (u64, (u64, Echo))| (index.saturating_sub(back), echo);
        (0_u64..).zip(all).map(place).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_of_steady_requests_without_counting_is_what_counting_says(
        all in any_series(), window in 1..40_u64, enough in 1..12_usize,
    ) {
        let mut series = EchoSeries::default();
        for (second, echo) in all {
            series.push(second, at(second), echo);
            let start = MonoTime::from_secs(second.saturating_sub(window));
            let Some(steady) = series.steady_since(start, enough) else { continue };
            let counted: Vec<Option<Duration>> = series.since(start).map(EchoPoint::rtt).collect();
            prop_assert!(counted.len() >= enough);
            let between = |rtt: &Option<Duration>| {
                rtt.is_some_and(|rtt| steady.least <= rtt && rtt <= steady.most)
            };
            prop_assert!(counted.iter().all(between), "{steady:?}: {counted:?}");
        }
    }
}

#[test]
fn requests_are_steady_as_long_as_all_are_answered_nearly_alike() {
    let ms = Duration::from_millis;
    let steady = |outcomes: &[Echo], since: u64| {
        series(outcomes)
            .steady_since(MonoTime::from_secs(since), 3)
            .map(|one| (one.least, one.most))
    };
    let lost = echo(EchoOutcome::Lost);
    assert_eq!(steady(&[ok(20), ok(24), ok(22), ok(21)], 0), Some((ms(20), ms(24))));
    assert_eq!(steady(&[ok(20), ok(24), ok(22), ok(21)], 2), None, "too few since then");
    assert_eq!(steady(&[ok(20), lost, ok(24), ok(22), ok(21)], 1), None, "one is lost");
    assert_eq!(steady(&[ok(20), lost, ok(24), ok(22), ok(21)], 2), Some((ms(21), ms(24))));
    assert_eq!(steady(&[ok(20), ok(70), ok(70), ok(70), ok(71)], 1), Some((ms(70), ms(71))));
    assert_eq!(steady(&[ok(20), ok(70), ok(70), ok(70), ok(71)], 0), None, "it jumps");
}

#[test]
fn a_request_that_is_lost_or_late_after_all_is_not_steady() {
    let mut series = series(&[ok(20), ok(20), ok(20), ok(20)]);
    let steady = |series: &EchoSeries| series.steady_since(MonoTime::ZERO, 3).is_some();
    assert!(steady(&series));
    series.push(9, at(2), echo(EchoOutcome::Lost));
    assert!(!steady(&series), "one between them");
}
