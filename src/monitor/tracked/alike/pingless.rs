//! What connections show of a line, where they stand for echo.

use super::{CLEAN, MARGIN, NEWEST, SILENCE, Tracked};
use crate::domain::common_cause::{LineFault, Word};
use crate::domain::echo_series::{EchoPoint, median};
use crate::domain::finding::RuleId;
use crate::domain::rules::usual_round_trip;
use crate::domain::sample::EchoMethod;
use crate::domain::stats::disproves;
use crate::domain::surroundings::Surroundings;
use crate::domain::time::Now;
use crate::domain::view::Mode;
use std::time::Duration;

/// Its finding when packets are lost.
const PACKET_LOSS: RuleId = RuleId("packet-loss");
/// So many connections show how long a round trip takes, or how uneven they are.
const ENOUGH: u32 = 8;

impl Tracked {
    /// The line that lost packets of several hosts is well. Connections are few, and take long to say so
    /// too: what they lost by then is told with the others', and only a loss from here on is its own.
    pub fn line_is_well_again(&mut self) {
        if self.method == EchoMethod::Tcp {
            self.diagnosis.let_go(PACKET_LOSS);
        }
    }

    /// A quarter of a minute apart, as they are, some have to pass before they say that a line is well.
    pub(super) fn shows_by_connections(
        &self,
        fault: LineFault,
        around: &Surroundings,
        now: Now,
    ) -> Option<(Now, Word)> {
        if self.echo.trailing_losses().0 >= SILENCE {
            return None;
        }
        if fault == LineFault::Loses {
            return self.shows_loss(now);
        }
        let span = CLEAN.max(self.target.cadence.echo_tcp.saturating_mul(ENOUGH));
        let resent = self.echo.resent();
        let took = |point: &EchoPoint| point.rtt().filter(|_| !resent.has(point));
        let lately: Vec<Option<Duration>> =
            self.echo.newest_within(now.mono, span).map(took).collect();
        if lately.iter().flatten().count() < NEWEST {
            return None;
        }
        let suffers = match fault {
            LineFault::Jumps => is_uneven(&lately, self.target.thresholds.high_jitter.warning / 2)?,
            LineFault::Slow | LineFault::Loses => {
                let usual = usual_round_trip(&self.view(Mode::Watch, around, now))?;
                let newest = median(lately.into_iter().flatten().take(NEWEST).collect())?;
                newest >= usual.saturating_add(MARGIN)
            }
        };
        Some(if suffers { (now, Word::Suffers) } else { (back(now, span), Word::Works) })
    }

    /// The newest loss is a sign from when it was on, unless so many passed since as hardly would if the line lost
    /// enough for a finding: it is well since the first of these.
    fn shows_loss(&self, now: Now) -> Option<(Now, Word)> {
        let resent = self.echo.resent();
        let share = self.target.thresholds.packet_loss.warning_pct / 100.0;
        let measured = |point: &&EchoPoint| point.tells_of_loss();
        let (mut clean, mut oldest) = (0, None);
        for point in self.echo.points().rev().filter(measured) {
            if point.is_loss() || resent.has(point) {
                return Some((point.at, Word::Suffers));
            }
            clean += 1;
            oldest = Some(point.at);
            if disproves(share, clean) {
                break;
            }
        }
        // Too few to tell: as far as they go, it was well before.
        let told = oldest.filter(|_| disproves(share, clean));
        oldest.map(|_| (told.unwrap_or_else(|| back(now, LONG)), Word::Works))
    }
}

/// Long before whatever is looked into.
const LONG: Duration = Duration::from_hours(24);

fn back(now: Now, span: Duration) -> Now {
    Now { mono: now.mono.minus(span), wall: now.wall.minus(span) }
}

/// Whether round trips one after the other differ by so much on average; `None` without any.
fn is_uneven(took: &[Option<Duration>], limit: Duration) -> Option<bool> {
    let pairs =
        took.windows(2).filter_map(|pair| Some((*pair.first()?)?.abs_diff((*pair.last()?)?)));
    let (sum, count) =
        pairs.fold((Duration::ZERO, 0_u32), |(sum, count), one| (sum + one, count + 1));
    (count > 0).then(|| sum >= limit * count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::{ADDRESS, at, ms};
    use crate::domain::memory::TargetMemory;
    use crate::domain::sample::{Echo, EchoOutcome};
    use crate::domain::target::{Host, Target, TargetId};
    use std::sync::Arc;

    /// So many connections of 20 ms each, a quarter of a minute apart; some took as many milliseconds as it
    /// says, 0: not answered.
    fn asked(times: u64, others: &[(u64, u64)]) -> (Tracked, Now) {
        let target = Arc::new(Target::new(TargetId(1), "pc", Host::Address(ADDRESS, None)));
        let mut tracked = Tracked::new(target, TargetMemory::default(), EchoMethod::Tcp, at(0));
        for seq in 0..times {
            let other = others.iter().find(|(of, _)| *of == seq).map(|(_, took)| *took);
            let rtt = ms(other.unwrap_or(20));
            let outcome = if other == Some(0) {
                EchoOutcome::Lost
            } else {
                EchoOutcome::Reply { rtt, ttl: None }
            };
            let echo = Echo { method: EchoMethod::Tcp, address: ADDRESS, outcome };
            tracked.echo.push(seq, at(15 * seq), echo);
        }
        (tracked, at(15 * times))
    }

    fn says((tracked, now): (Tracked, Now), fault: LineFault) -> Option<(Now, Word)> {
        tracked.shows_by_connections(fault, &Surroundings::default(), now)
    }

    #[test]
    fn a_syn_that_was_sent_again_is_a_sign_of_loss_at_its_time() {
        let lost = says(asked(100, &[(97, 1_020)]), LineFault::Loses);
        assert_eq!(lost, Some((at(15 * 97), Word::Suffers)));
        let lost = says(asked(100, &[(30, 1_020), (60, 0)]), LineFault::Loses);
        assert_eq!(lost, Some((at(15 * 60), Word::Suffers)), "the newest");
        assert_eq!(
            says(asked(100, &[(97, 0), (98, 0), (99, 0)]), LineFault::Loses),
            None,
            "silent"
        );
    }

    #[test]
    fn a_line_is_well_since_the_first_of_so_many_connections_as_show_it() {
        // 0.97 to the 99th is less than a twentieth.
        let well = says(asked(150, &[(20, 1_020)]), LineFault::Loses);
        assert_eq!(well, Some((at(15 * 51), Word::Works)));
        let few = says(asked(90, &[]), LineFault::Loses).map(|(since, word)| (since.mono, word));
        assert_eq!(few, Some((at(0).mono, Word::Works)), "it was, as far as they go");
        assert_eq!(says(asked(0, &[]), LineFault::Loses), None);
    }

    #[test]
    fn a_syn_that_was_sent_again_is_neither_slow_nor_uneven() {
        let again = &[(93, 1_020), (95, 1_020), (97, 3_020)];
        for fault in [LineFault::Slow, LineFault::Jumps] {
            let word = says(asked(100, again), fault).map(|(_, word)| word);
            assert_eq!(word, Some(Word::Works), "{fault:?}");
        }
        let slower: Vec<(u64, u64)> = (95..100).map(|seq| (seq, 90)).collect();
        let word = |fault| says(asked(100, &slower), fault).map(|(_, word)| word);
        assert_eq!(word(LineFault::Slow), Some(Word::Suffers));
        assert_eq!(says(asked(4, &[]), LineFault::Jumps), None, "too few");
        assert_eq!(says(asked(10, &[]), LineFault::Slow), None, "nothing is usual yet");
        let uneven: Vec<(u64, u64)> = (92..100).step_by(2).map(|seq| (seq, 80)).collect();
        let word = says(asked(100, &uneven), LineFault::Jumps).map(|(_, word)| word);
        assert_eq!(word, Some(Word::Suffers));
    }
}
