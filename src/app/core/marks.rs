//! Marks that other processes left are taken in.

use super::{Core, Report};
use crate::domain::mark::Mark;
use crate::domain::target::TargetId;
use crate::domain::time::Now;
use crate::store::{self, LINGER};
use std::sync::Arc;

impl Core {
    /// Looks whether somebody marked a drop, unless the last look is still under way.
    pub(super) fn look_for_marks(&mut self) {
        if self.looking_for_marks.as_ref().is_some_and(|looking| !looking.is_finished()) {
            return;
        }
        let own = Arc::clone(&self.keys);
        if own.is_empty() {
            return;
        }
        let store = Arc::clone(&self.store);
        let now = self.edge.clock.now().wall;
        let reports = self.reports.clone();
        let looking = self.tasks.spawn(async move {
            let wanted =
                move |mark: &Mark| mark.target.as_ref().is_none_or(|target| own.contains(target));
            let taken = tokio::task::spawn_blocking(move || store.take_marks(&wanted, now)).await;
            match taken {
                Ok(Ok(marks)) if !marks.is_empty() => {
                    let _gone = reports.send(Report::Marks(marks)).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "marks cannot be taken"),
                _ => {}
            }
        });
        self.looking_for_marks = Some(looking);
    }

    /// Leaves a mark that was made on this screen for other programs that watch its target.
    pub(super) fn tell_of_mark(&mut self, id: TargetId, note: String, now: Now) {
        let Some(tracked) = self.monitor.target(id) else { return };
        let mut number = Mark::number_of(std::process::id(), now.wall);
        while self.taken_marks.iter().any(|(taken, _)| *taken == number) {
            number = number.wrapping_add(1);
        }
        self.taken_marks.push_back((number, now.mono));
        let mark = Mark {
            at: now.wall,
            target: Some(store::key(tracked.target())),
            text: note,
            number: Some(number),
            // Nobody is to answer.
            taken: Some(now.wall),
        };
        let store = Arc::clone(&self.store);
        self.tasks.spawn(async move {
            let left = tokio::task::spawn_blocking(move || store.leave_mark(&mark));
            if let Ok(Err(error)) = left.await {
                tracing::debug!(%error, "a mark is not told to others");
            }
        });
    }

    pub(super) fn take_marks(&mut self, marks: &[Mark]) {
        let now = self.edge.clock.now();
        // They stay a while for other programs, and come back meanwhile.
        self.taken_marks.retain(|(_, at)| now.mono.since(*at) <= 2 * LINGER);
        for mark in marks {
            if let Some(number) = mark.number {
                if self.taken_marks.iter().any(|(taken, _)| *taken == number) {
                    continue;
                }
                self.taken_marks.push_back((number, now.mono));
            }
            let (target, text) = match &mark.target {
                Some(key) => (self.target_named(|target| store::key(target) == *key), &*mark.text),
                None => self.target_in(&mark.text),
            };
            let lines = self.monitor.mark(target, mark.at, text, now);
            // The first that takes it answers.
            if let Some(number) = mark.number.filter(|_| mark.taken.is_none()) {
                let store = Arc::clone(&self.store);
                self.tasks.spawn(async move {
                    let answer = tokio::task::spawn_blocking(move || store.answer(number, &lines));
                    if let Ok(Err(error)) = answer.await {
                        tracing::debug!(%error, "a mark is not answered");
                    }
                });
            }
            self.unsaved = true;
        }
    }

    /// The target that the first word of a mark names, and the rest of it.
    fn target_in<'t>(&self, text: &'t str) -> (Option<TargetId>, &'t str) {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let target = self.target_named(|target| {
            first.eq_ignore_ascii_case(&target.name)
                || first.eq_ignore_ascii_case(&target.host.to_string())
                || first.eq_ignore_ascii_case(&store::key(target))
        });
        if target.is_some() { (target, rest) } else { (None, text) }
    }

    fn target_named(
        &self,
        named: impl Fn(&crate::domain::target::Target) -> bool,
    ) -> Option<TargetId> {
        let mut found = self.monitor.targets().filter(|(_, tracked)| named(tracked.target()));
        found.next().map(|(id, _)| *id)
    }
}
