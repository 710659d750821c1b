//! The way of samples out of an engine: many at once. Whoever takes them is woken once for a
//! batch and not for each, which is most of what handing them over costs.

use crate::domain::sample::Sample;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;

/// Where an engine puts samples.
#[derive(Debug, Clone)]
pub struct Outbox {
    batches: mpsc::Sender<Vec<Sample>>,
    /// A permit for each sample that still fits.
    room: Arc<Semaphore>,
}

/// Where samples are taken from.
#[derive(Debug)]
pub struct Arrivals {
    batches: mpsc::Receiver<Vec<Sample>>,
    room: Arc<Semaphore>,
    /// The batch that is being taken, the next sample last.
    batch: Vec<Sample>,
    /// Samples that this batch had.
    size: usize,
}

/// A way for samples with room for so many of them, at least one.
#[must_use]
pub fn outbox(room: usize) -> (Outbox, Arrivals) {
    let room = room.clamp(1, Semaphore::MAX_PERMITS);
    // No batch is empty: as many batches as samples always fit.
    let (sender, receiver) = mpsc::channel(room);
    let room = Arc::new(Semaphore::new(room));
    let arrivals =
        Arrivals { batches: receiver, room: Arc::clone(&room), batch: Vec::new(), size: 0 };
    (Outbox { batches: sender, room }, arrivals)
}

impl Outbox {
    /// Puts in what fits, in order, and returns the rest. Nothing is left over when nobody takes
    /// samples any more.
    #[must_use]
    pub fn put(&self, mut samples: Vec<Sample>) -> Vec<Sample> {
        if samples.is_empty() || self.batches.is_closed() {
            return Vec::new();
        }
        let mut fits = samples.len().min(self.room.available_permits());
        while fits > 0 {
            let wanted = u32::try_from(fits).unwrap_or(u32::MAX);
            if let Ok(permits) = self.room.try_acquire_many(wanted) {
                permits.forget();
                let rest = samples.split_off(fits);
                // There is room: only a closed way refuses.
                drop(self.batches.try_send(samples));
                return rest;
            }
            // Somebody else was faster.
            fits = fits.min(self.room.available_permits()).min(fits - 1);
        }
        samples
    }

    /// Puts one in, if it fits.
    pub fn offer(&self, sample: Sample) {
        drop(self.put(vec![sample]));
    }

    /// Puts one in as soon as it fits; nothing happens when nobody takes samples any more.
    pub async fn send(&self, sample: Sample) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
            drop(self.batches.try_send(vec![sample]));
        }
    }

    /// Whether both end at the same place.
    #[must_use]
    pub fn same_way(&self, other: &Self) -> bool {
        self.batches.same_channel(&other.batches)
    }
}

impl Arrivals {
    /// The next sample; `None` when there will be no more. Nothing is lost when this is given up.
    pub async fn recv(&mut self) -> Option<Sample> {
        if self.batch.is_empty() {
            let batch = self.batches.recv().await?;
            self.open(batch);
        }
        self.pop()
    }

    /// The next sample, if there is one by now.
    pub fn try_recv(&mut self) -> Option<Sample> {
        if self.batch.is_empty() {
            let batch = self.batches.try_recv().ok()?;
            self.open(batch);
        }
        self.pop()
    }

    fn open(&mut self, mut batch: Vec<Sample>) {
        batch.reverse();
        self.size = batch.len();
        self.batch = batch;
    }

    fn pop(&mut self) -> Option<Sample> {
        let sample = self.batch.pop();
        if self.batch.is_empty() {
            self.room.add_permits(std::mem::take(&mut self.size));
        }
        sample
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.room.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{Echo, EchoMethod, EchoOutcome, Observation};
    use crate::domain::target::TargetId;
    use crate::domain::time::{MonoTime, Now, WallTime};
    use futures_util::FutureExt;
    use std::net::IpAddr;

    fn sample(seq: u64) -> Sample {
        let address = IpAddr::from([127, 0, 0, 1]);
        let echo = Echo { method: EchoMethod::Icmp, address, outcome: EchoOutcome::Lost };
        Sample {
            target: TargetId(1),
            seq,
            sent_at: Now { mono: MonoTime::ZERO, wall: WallTime::default() },
            ended_at: MonoTime::ZERO,
            observation: Observation::Echo(echo),
        }
    }

    fn samples(numbers: std::ops::Range<u64>) -> Vec<Sample> {
        numbers.map(sample).collect()
    }

    fn numbers(samples: &[Sample]) -> Vec<u64> {
        samples.iter().map(|sample| sample.seq).collect()
    }

    #[test]
    fn what_does_not_fit_is_given_back_in_order() {
        let (out, mut arrivals) = outbox(5);
        assert_eq!(numbers(&out.put(samples(0..3))), [0_u64; 0]);
        assert_eq!(numbers(&out.put(samples(3..8))), [5, 6, 7]);
        assert_eq!(numbers(&out.put(samples(5..6))), [5], "full");
        // Room is made when a batch is used up.
        let taken: Vec<_> = (0..3).filter_map(|_| arrivals.try_recv()).collect();
        assert_eq!(numbers(&taken), [0, 1, 2]);
        assert_eq!(numbers(&out.put(samples(5..10))), [8, 9]);
        let rest: Vec<_> = std::iter::from_fn(|| arrivals.try_recv()).collect();
        assert_eq!(numbers(&rest), [3, 4, 5, 6, 7]);
        assert_eq!(numbers(&out.put(samples(0..6))), [5], "all of the room is there again");
    }

    #[test]
    fn one_that_waits_goes_in_when_there_is_room() {
        let (out, mut arrivals) = outbox(1);
        out.offer(sample(0));
        out.offer(sample(1));
        let mut waits = Box::pin(out.send(sample(2)));
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!(arrivals.try_recv().map(|sample| sample.seq), Some(0));
        assert!(waits.as_mut().now_or_never().is_some());
        assert_eq!(arrivals.try_recv().map(|sample| sample.seq), Some(2));
    }

    #[test]
    fn nobody_waits_for_who_is_gone() {
        let (out, arrivals) = outbox(1);
        out.offer(sample(0));
        drop(arrivals);
        assert!(out.send(sample(1)).now_or_never().is_some());
        assert_eq!(numbers(&out.put(samples(0..9))), [0_u64; 0]);
        let (out, mut arrivals) = outbox(2);
        out.offer(sample(7));
        drop(out);
        let last = arrivals.recv().now_or_never().flatten();
        assert_eq!(last.map(|sample| sample.seq), Some(7));
        assert_eq!(arrivals.recv().now_or_never(), Some(None));
    }
}
