//! A store that forgets with the process.

use super::merge::Base;
use super::{Loaded, State, StateStore, StoreError};
use crate::domain::mark::Mark;
use crate::domain::time::WallTime;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// State in memory: for `demo`, and where no file can be used.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    base: Base,
    marks: Mutex<Vec<Mark>>,
    answers: Mutex<BTreeMap<u64, Option<Vec<String>>>>,
}

impl StateStore for MemoryStore {
    fn load(&self) -> Result<Loaded, StoreError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.base.set(state.clone());
        Ok(Loaded { state, warning: None })
    }

    fn add(&self, own: State) -> Result<(), StoreError> {
        self.base.merge(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), &own);
        self.base.set(own);
        Ok(())
    }

    fn leave_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push(mark.clone());
        Ok(())
    }

    fn take_marks(
        &self,
        wanted: &dyn Fn(&Mark) -> bool,
        _now: WallTime,
    ) -> Result<Vec<Mark>, StoreError> {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left) = marks.drain(..).partition(|mark| wanted(mark));
        *marks = left;
        Ok(taken)
    }

    fn expect_answer(&self, number: u64) -> Result<(), StoreError> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(number, None);
        Ok(())
    }

    fn answer(&self, number: u64, lines: &[String]) -> Result<(), StoreError> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = answers.get_mut(&number) {
            *room = Some(lines.to_vec());
        }
        Ok(())
    }

    fn answered(&self, number: u64) -> Option<Vec<String>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&number).cloned().flatten()
    }

    fn forget_answer(&self, number: u64) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::memory::TargetMemory;

    #[test]
    fn it_gives_back_what_was_saved() {
        let store = MemoryStore::default();
        let state = State::from([("a:3389".to_owned(), TargetMemory::default())]);
        store.add(state.clone()).expect("saved");
        assert_eq!(store.load().expect("loaded").state, state);
    }
}
