//! The picture before anything is asked or remembered.

use super::{Access, Budget, Monitor, Tracked};
use crate::domain::alert::AlertSettings;
use crate::domain::local::LocalState;
use crate::domain::memory::TargetMemory;
use crate::domain::sample::EchoMethod;
use crate::domain::snapshot::{Snapshot, TargetSnapshot};
use crate::domain::target::Target;
use crate::domain::time::Now;
use crate::domain::view::Mode;
use std::sync::Arc;

/// Every target as one that nothing is known of: not measured, and never fine. Nothing of it is
/// kept, so that it is there before the monitor's own memory is.
#[must_use]
pub fn opening(
    targets: &[Target],
    access: Access,
    local: LocalState,
    simulated: Option<&'static str>,
    now: Now,
) -> Snapshot {
    let mut nobody = Monitor::new(access, local, AlertSettings::default(), now);
    nobody.set_simulated(simulated);
    let unmeasured = |target: &Target| {
        let (target, memory) = (Arc::new(target.clone()), TargetMemory::default());
        let mut tracked = Tracked::new(target, memory, EchoMethod::Icmp, now);
        let shown = tracked.snapshot(Mode::Watch, &nobody.around, now, &Budget::default());
        // Of nothing that is known, not even the blanks: it is the most of a picture.
        Arc::new(TargetSnapshot { spark: Vec::new(), ..shown })
    };
    let targets = targets.iter().map(unmeasured).collect();
    Snapshot { targets, pinned: None, ..nobody.snapshot(now, 0, |_| Budget::default()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::local::EchoAccess;
    use crate::domain::snapshot::TargetState;
    use crate::domain::stats::Spark;
    use crate::domain::target::{Host, TargetId};
    use crate::domain::time::{MonoTime, WallTime};

    #[test]
    fn the_opening_picture_is_that_of_a_monitor_that_knows_nothing() {
        let now = Now { mono: MonoTime::from_secs(60), wall: WallTime::from_unix_secs(1_000_000) };
        let access =
            Access { echo_v4: EchoAccess::Raw, echo_v6: EchoAccess::Denied, neighbours: true };
        let hosts = ["office-pc".to_owned(), "berlin-07".to_owned()];
        let named = hosts.into_iter().map(Host::Name);
        let addressed = ["192.0.2.7", "2001:db8::7"].map(|ip| ip.parse().expect("an address"));
        let hosts = named.chain(addressed.map(|ip| Host::Address(ip, None)));
        let targets: Vec<Target> = (0..)
            .zip(hosts)
            .map(|(id, host)| Target::new(TargetId(id), format!("host {id}"), host))
            .collect();
        let opening = opening(&targets, access, LocalState::default(), Some("lab"), now);
        assert!(opening.targets.iter().all(|shown| shown.state == TargetState::NotMeasured));
        let mut monitor =
            Monitor::new(access, LocalState::default(), AlertSettings::default(), now);
        monitor.set_simulated(Some("lab"));
        for target in targets {
            monitor.add(target, TargetMemory::default(), now);
        }
        let mut first = monitor.snapshot(now, 0, |_| Budget::default());
        for shown in &mut first.targets {
            let shown = Arc::make_mut(shown);
            assert!(shown.spark.iter().all(|slot| *slot == Spark::Blank));
            shown.spark.clear();
        }
        // Of what is remembered nothing was read yet.
        first.pinned = None;
        assert_eq!(format!("{opening:?}"), format!("{first:?}"));
    }
}
