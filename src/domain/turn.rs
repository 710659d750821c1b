//! Trouble that has become another: what stands is older than the newest attempt.

use super::finding::{Finding, Rung};
use super::ladder::{Cell, RungLine};
use super::rules;

/// The rung that broke at the newest attempt below the one that `worst` is about, which was not
/// reached: what `worst` says held until then, and what broke is not confirmed.
///
/// `None` while `worst` is what breaks there, too: some causes show at several rungs. Silence of echo
/// breaks nothing.
#[must_use]
pub fn turned<'l>(worst: &Finding, ladder: &'l [RungLine]) -> Option<&'l RungLine> {
    let about = worst.rung?;
    let broken = |line: &&RungLine| line.cell == Cell::Broken && line.rung != Rung::Echo;
    let broke = ladder.iter().find(broken).filter(|line| line.rung < about)?;
    let reached = ladder.iter().any(|line| line.rung == about && line.cell != Cell::NotMeasured);
    let is_of_it =
        |id: &&'static str| rules::card(id).is_some_and(|card| card.rung == Some(broke.rung));
    let explains = rules::card(worst.rule.0).map_or(&[][..], |card| card.explains);
    let explained = explains.iter().any(is_of_it);
    (!reached && !explained).then_some(broke)
}

/// What is said of it in one sentence.
#[must_use]
pub fn sentence(worst: &Finding, broke: &RungLine) -> String {
    format!(
        "Changed just now: {} {}. Until then: {}. It is asked again before more is said.",
        broke.rung.word(),
        broke.text,
        worst.title
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::finding;
    use crate::domain::finding::Severity;

    fn ladder(cells: [(Rung, Cell); 4]) -> Vec<RungLine> {
        let line = |(rung, cell)| RungLine {
            rung,
            cell,
            last: None,
            usual: None,
            text: "refused with RST".to_owned(),
        };
        cells.into_iter().map(line).collect()
    }

    #[test]
    fn what_broke_below_the_worst_finding_is_another_trouble() {
        use Cell::{Broken, NotMeasured, Ok};
        use Rung::{Echo, Tcp, Tls, X224};
        let refused = [(Echo, Ok), (Tcp, Broken), (X224, NotMeasured), (Tls, NotMeasured)];
        let worst = |rule| finding(rule, Severity::Critical, Some(Tls));
        let broke = |rule, cells| turned(&worst(rule), &ladder(cells)).map(|line| line.rung);
        assert_eq!(broke("tls-handshake-failed", refused), Some(Tcp));
        let told = sentence(&worst("tls-handshake-failed"), &ladder(refused)[1]);
        assert!(told.starts_with("Changed just now: tcp refused with RST. Until then: "), "{told}");
        let same = [(Echo, Ok), (Tcp, Ok), (X224, Ok), (Tls, Broken)];
        assert_eq!(broke("tls-handshake-failed", same), None);
        let silent = [(Echo, Broken), (Tcp, Ok), (X224, Ok), (Tls, Broken)];
        assert_eq!(broke("tls-handshake-failed", silent), None, "many hosts drop echo");
        let explained = finding("connection-flapping", Severity::Critical, Some(X224));
        assert_eq!(turned(&explained, &ladder(refused)), None, "it fails in turns, so also there");
    }
}
