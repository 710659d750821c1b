//! The search over scripted paths, and the real socket over loopback.

use super::ladder::{BUDGET, Fate, Found, Wire, measure};
use super::*;
use crate::domain::sample::PathOutcome;
use std::collections::VecDeque;
use std::net::IpAddr;

const ROUTER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

/// A path: what it does with a packet of a size, the so-manieth of that size.
struct Scripted<F> {
    fate: F,
    seen: Vec<u32>,
    rounds: usize,
    silence_is_news: bool,
    /// Answers that come a round late.
    late: VecDeque<u32>,
}

impl<F: Fn(u32, usize) -> Fate> Scripted<F> {
    const fn new(fate: F) -> Self {
        Self { fate, seen: Vec::new(), rounds: 0, silence_is_news: true, late: VecDeque::new() }
    }
}

impl<F: Fn(u32, usize) -> Fate> Wire for Scripted<F> {
    async fn round(&mut self, sizes: &[u32], _: Duration) -> Result<Vec<(u32, Fate)>, LocalFault> {
        self.rounds += 1;
        let mut fates: Vec<_> = self.late.drain(..).map(|size| (size, Fate::Passed)).collect();
        for size in sizes {
            let nth = self.seen.iter().filter(|seen| *seen == size).count();
            self.seen.push(*size);
            match (self.fate)(*size, nth) {
                Fate::Silent => {}
                fate => fates.push((*size, fate)),
            }
        }
        Ok(fates)
    }

    fn learns_silence(&self) -> bool {
        self.silence_is_news
    }

    fn known_mtu(&self) -> Option<u32> {
        Some(1500)
    }
}

async fn over<F: Fn(u32, usize) -> Fate>(v6: bool, fate: F) -> (Found, Vec<u32>) {
    let mut wire = Scripted::new(fate);
    let found = measure(&mut wire, v6, Duration::from_secs(2)).await;
    assert!(wire.seen.len() <= BUDGET, "{} packets", wire.seen.len());
    (found, wire.seen)
}

/// A path that carries `mtu` and says so.
const fn telling(mtu: u32, from: Option<IpAddr>) -> impl Fn(u32, usize) -> Fate {
    move |size, _| if size > mtu { Fate::TooBig { mtu, from } } else { Fate::Passed }
}

/// A path that carries `mtu` and says nothing.
const fn swallowing(mtu: u32) -> impl Fn(u32, usize) -> Fate {
    move |size, _| if size > mtu { Fate::Silent } else { Fate::Passed }
}

#[tokio::test]
async fn a_full_path_costs_two_packets() {
    for v6 in [false, true] {
        let (found, sent) = over(v6, swallowing(1500)).await;
        assert_eq!((found.outcome, found.mtu), (PathOutcome::Full, Some(1500)));
        assert_eq!((found.first_hop, found.swallowed), (Some(1500), None));
        assert_eq!(sent.len(), 2);
    }
}

#[tokio::test]
async fn a_router_that_speaks_is_believed_and_tried() {
    let (found, sent) = over(false, telling(1280, Some(ROUTER))).await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::Lowered, Some(1280)));
    assert_eq!((found.from, found.first_hop), (Some(ROUTER), Some(1500)));
    assert_eq!(sent, [1500, 84, 1280, 84]);
}

#[tokio::test]
async fn two_routers_lower_it_one_after_the_other() {
    let second = IpAddr::from([10, 0, 0, 2]);
    let (found, _) = over(false, |size, _| match size {
        1421.. => Fate::TooBig { mtu: 1420, from: Some(ROUTER) },
        1373.. => Fate::TooBig { mtu: 1372, from: Some(second) },
        _ => Fate::Passed,
    })
    .await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::Lowered, Some(1372)));
    assert_eq!(found.from, Some(second));
}

#[tokio::test]
async fn a_small_interface_of_our_own_is_the_first_hop() {
    let (found, _) = over(false, telling(1420, None)).await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::Lowered, Some(1420)));
    assert_eq!((found.from, found.first_hop), (None, Some(1420)));
}

#[tokio::test]
async fn a_router_that_names_no_mtu_or_nonsense_is_worked_around() {
    for named in [0, 67, 1500, 9000] {
        let fate = |size, _| match size {
            1401.. => Fate::TooBig { mtu: named, from: Some(ROUTER) },
            _ => Fate::Passed,
        };
        let (found, _) = over(false, fate).await;
        assert_eq!((found.outcome, found.mtu), (PathOutcome::Lowered, Some(1400)), "{named}");
    }
}

#[tokio::test]
async fn a_host_that_answers_nothing_still_has_the_routers_word() {
    let (found, _) = over(false, |size, _| match size {
        1401.. => Fate::TooBig { mtu: 1400, from: Some(ROUTER) },
        _ => Fate::Silent,
    })
    .await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::Lowered, Some(1400)));
    let (found, sent) = over(false, |_, _| Fate::Silent).await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::Unknown, None));
    assert_eq!((found.swallowed, sent.len()), (None, 4), "nothing is known of any size");
}

#[tokio::test]
async fn what_vanishes_three_times_beside_smaller_ones_is_a_black_hole() {
    for (carries, passes, swallowed) in
        [(1280, 1280, 1380), (1200, 1160, 1260), (1499, 1492, 1500), (1400, 1400, 1420)]
    {
        let (found, sent) = over(false, swallowing(carries)).await;
        assert_eq!((found.outcome, found.mtu), (PathOutcome::BlackHole, Some(passes)), "{carries}");
        assert_eq!((found.swallowed, found.tries), (Some(swallowed), 3), "{carries}");
        assert_eq!(sent.iter().filter(|size| **size == swallowed).count(), 3, "{carries}");
    }
    let (found, _) = over(true, swallowing(1280)).await;
    assert_eq!((found.outcome, found.swallowed), (PathOutcome::BlackHole, Some(1380)));
}

#[tokio::test]
async fn a_hole_behind_a_router_that_speaks_is_a_hole() {
    let (found, _) = over(false, |size, _| match size {
        1493.. => Fate::TooBig { mtu: 1492, from: Some(ROUTER) },
        1401.. => Fate::Silent,
        _ => Fate::Passed,
    })
    .await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::BlackHole, Some(1400)));
    assert_eq!((found.swallowed, found.from), (Some(1420), Some(ROUTER)));
}

/// Firewalls drop pings above 1024 bytes or less: that is no path's MTU.
#[tokio::test]
async fn a_limit_for_pings_is_not_taken_for_an_mtu() {
    for limit in [1052, 576, 92] {
        let (found, _) = over(false, swallowing(limit)).await;
        assert_eq!((found.outcome, found.mtu), (PathOutcome::Unknown, None), "{limit}");
        assert_eq!((found.swallowed, found.tries), (Some(1160), 3), "{limit}");
    }
}

#[tokio::test]
async fn one_or_two_lost_packets_are_no_black_hole() {
    for lost in 1..=2 {
        let fate = |size, nth| match size {
            1500 if nth < lost => Fate::Silent,
            _ => Fate::Passed,
        };
        let (found, _) = over(false, fate).await;
        assert_eq!((found.outcome, found.mtu), (PathOutcome::Full, Some(1500)), "{lost}");
    }
}

#[tokio::test]
async fn where_small_ones_are_lost_too_more_is_needed() {
    // The large one vanishes three times, and once the small one beside it: not enough is known.
    let (found, _) = over(false, |size, nth| match (size, nth) {
        (1420.., _) | (1400, 1) => Fate::Silent,
        _ => Fate::Passed,
    })
    .await;
    assert_eq!(found.outcome, PathOutcome::Unknown);
}

#[tokio::test]
async fn an_answer_that_comes_late_is_an_answer() {
    let mut wire = Scripted::new(|size, nth| match (size, nth) {
        (1500, 0 | 1) => Fate::Silent,
        _ => Fate::Passed,
    });
    wire.late.push_back(1500);
    let found = measure(&mut wire, false, Duration::from_secs(2)).await;
    assert_eq!((found.outcome, wire.rounds), (PathOutcome::Full, 1));
}

#[tokio::test]
async fn without_echo_silence_says_nothing() {
    let mut wire = Scripted::new(|_, _| Fate::Silent);
    wire.silence_is_news = false;
    let found = measure(&mut wire, false, Duration::from_secs(2)).await;
    assert_eq!((found.outcome, wire.rounds), (PathOutcome::Unknown, 1));
    // Not even beside a small one that was answered: port unreachables are rationed.
    let mut wire = Scripted::new(swallowing(1280));
    wire.silence_is_news = false;
    let found = measure(&mut wire, false, Duration::from_secs(2)).await;
    assert_eq!((found.outcome, found.swallowed), (PathOutcome::Unknown, Some(1500)));
    let mut wire = Scripted::new(telling(1280, Some(ROUTER)));
    wire.silence_is_news = false;
    let found = measure(&mut wire, false, Duration::from_secs(2)).await;
    assert_eq!((found.outcome, found.mtu), (PathOutcome::Lowered, Some(1280)));
}

#[tokio::test]
async fn no_way_to_the_host_is_not_about_sizes() {
    let (found, sent) = over(false, |_, _| Fate::Unreachable).await;
    assert_eq!((found.outcome, found.swallowed), (PathOutcome::Unknown, None));
    assert_eq!(sent.len(), 2);
}

/// Random loss alone never makes a black hole of a full path that loses as much as sessions bear.
#[tokio::test]
async fn loss_is_not_a_black_hole() {
    let mut holes = 0;
    for seed in 0..2_000_u64 {
        let fate = |size: u32, nth: usize| {
            let nth = u64::try_from(nth).unwrap();
            let mut state = seed ^ (u64::from(size) << 32) ^ (nth << 56) ^ 0x9e37_79b9_7f4a_7c15;
            for _ in 0..3 {
                state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            }
            if (state >> 33) % 100 < 10 { Fate::Silent } else { Fate::Passed }
        };
        let (found, _) = over(false, fate).await;
        holes += usize::from(found.outcome == PathOutcome::BlackHole);
    }
    assert!(holes <= 4, "{holes} of 2000 at 10 % loss");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn loopback_carries_everything() {
    for address in ["127.0.0.1:3389", "[::1]:3389"] {
        let address: SocketAddr = address.parse().unwrap();
        if socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, None)
            .and_then(|socket| socket.bind(&SocketAddr::new(address.ip(), 0).into()))
            .is_err()
        {
            crate::probe::socket::skipped(&format!("no {address} here"));
            continue;
        }
        let path = path_mtu(address, Duration::from_secs(5), Clock::start()).await;
        assert_eq!((path.outcome, path.mtu), (PathOutcome::Full, Some(1500)), "{address}");
        assert!(path.first_hop >= Some(1500), "{path:?}");
        assert_eq!((path.from, path.swallowed, path.tries), (None, None, 0));
        assert!(path.elapsed < Duration::from_secs(5));
    }
}
