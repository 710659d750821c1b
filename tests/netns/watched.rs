//! A dashboard that writes its alerts to a file, and what it tells there.

use crate::lab::Machine;
use crate::terminal::{self, Session};
use crate::wait;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// A dashboard in a lab.
pub(crate) struct Watched {
    pub(crate) session: Session,
    told: PathBuf,
}

/// One line of the file: the event, the rule, and whose it is.
pub(crate) type Told = (String, String, String);

impl Watched {
    /// Watches what a configuration names; a finding is an alert at once, and over five seconds after.
    pub(crate) fn start(monitor: &Machine, config: &str) -> Self {
        let told = monitor.path("alerts.jsonl");
        let sink = format!("[[sink]]\ntype = 'file'\npath = '{}'\n", told.display());
        let file = monitor.path("rdpwatch.toml");
        std::fs::write(
            &file,
            format!("[alert]\nfor = '0s'\nkeep_firing_for = '5s'\n{sink}{config}"),
        )
        .unwrap();
        let session = terminal::start(monitor, &["-c", &file.display().to_string()]);
        Self { session, told }
    }

    /// Waits until every target is sound and echo has a minute behind it.
    pub(crate) fn settle(&mut self, targets: usize) {
        self.session.wait("healthy hosts", |screen| {
            screen.contains("Nothing is wrong") && screen.contains(&format!("{targets} ok"))
        });
        self.session.press("2");
        self.session.press("G");
        self.session.wait("half a minute of echoes", |screen| {
            let sent = screen.split_once("ICMP: ").map(|(_, rest)| rest.split(' ').next());
            let sent = sent.flatten().and_then(|count| count.parse::<u32>().ok());
            sent.is_some_and(|sent| sent >= 35)
        });
        self.session.press("1");
        assert_eq!(self.told(), [], "{}", self.session.text());
    }

    /// What was told so far.
    pub(crate) fn told(&self) -> Vec<Told> {
        let text = std::fs::read_to_string(&self.told).unwrap_or_default();
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        let told = complete.lines().map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            (word("event"), word("rule"), word("target"))
        });
        told.collect()
    }

    /// Waits until exactly this was told.
    pub(crate) fn wait(&self, limit: Duration, wanted: &[(&str, &str, &str)]) {
        let wanted: Vec<Told> = wanted
            .iter()
            .map(|(event, rule, target)| {
                ((*event).to_owned(), (*rule).to_owned(), (*target).to_owned())
            })
            .collect();
        let there = wait::within(limit, || {
            let told = self.told();
            assert!(wanted.starts_with(&told), "{told:?} in place of {wanted:?}\n{}", self.text());
            (told.len() == wanted.len()).then_some(())
        });
        assert!(there.is_some(), "within {limit:?}: {:?}\n{}", self.told(), self.text());
    }

    /// Asks for every measurement anew until exactly this was told, as a user who cannot wait.
    pub(crate) fn measure_until(&mut self, wanted: &[(&str, &str, &str)]) {
        for _ in 0..8 {
            self.session.press("p");
            if wait::within(Duration::from_secs(15), || {
                (self.told().len() >= wanted.len()).then_some(())
            })
            .is_some()
            {
                break;
            }
        }
        self.wait(Duration::from_secs(1), wanted);
    }

    fn text(&self) -> String {
        self.session.text()
    }
}
