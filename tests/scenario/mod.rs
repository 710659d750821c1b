//! Reads the scenario files and plays them to the rules alone, beside the whole monitor.

use rdpwatch::domain::diagnose::{MonitorDiagnosis, judge_monitor_moment};
use rdpwatch::domain::finding::Finding;
use rdpwatch::domain::local::EchoAccess;
use rdpwatch::domain::rules::RULES;
use rdpwatch::domain::sample::EchoMethod;
use rdpwatch::domain::surroundings::Surroundings;
use rdpwatch::domain::time::MonoTime;
use rdpwatch::domain::view::Mode;
use rdpwatch::monitor::Tracked;
use rdpwatch::scenario::{Expected, Ground, Play, Script, now, read};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Between two ticks of the target.
const TICK: Duration = Duration::from_secs(5);

/// Every script of a folder, by the name of its file.
pub(crate) fn load(folder: &str) -> BTreeMap<String, Vec<Arc<Script>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder of scenarios") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a readable scenario");
        let scripts = read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        files.insert(name, scripts.into_iter().map(Arc::new).collect());
    }
    files
}

/// What differs when the whole monitor is driven.
pub(crate) fn complaints_of_monitor(script: &Arc<Script>) -> Vec<String> {
    let mut expected: Vec<&Expected> = script.expected.iter().collect();
    expected.sort_by_key(|expected| expected.at());
    let mut play = Play::new(Arc::clone(script));
    let differs = |expected: &Expected| {
        play.advance(expected.at());
        expected.complaints(&play.snapshot())
    };
    expected.into_iter().flat_map(differs).collect()
}

/// What differs when the rules alone are asked, with everything around them given.
pub(crate) fn complaints_of_rules(script: &Script) -> Vec<String> {
    let Ground::Given(around) = &script.around else { panic!("an incident has no surroundings") };
    let differs = |expected: &Expected| {
        let found = played_to_rules(script, around, expected.at());
        expected.complaints_of(&found)
    };
    script.expected.iter().flat_map(differs).collect()
}

/// Plays every sample that has ended by `until`, and returns what is found then.
fn played_to_rules(script: &Script, around: &Surroundings, until: MonoTime) -> Vec<Finding> {
    let (target, memory) = script.targets.first().expect("a target").clone();
    let method = match around.echo_v4 {
        EchoAccess::Datagram | EchoAccess::Raw => EchoMethod::Icmp,
        EchoAccess::Denied | EchoAccess::Off => EchoMethod::Tcp,
    };
    let mut tracked = Tracked::new(Arc::new(target), memory, method, now(MonoTime::ZERO));
    let mut ticked = MonoTime::ZERO;
    let mut tick = |tracked: &mut Tracked, until: MonoTime| {
        while ticked.plus(TICK) <= until {
            ticked = ticked.plus(TICK);
            if let Some(session) = &script.session {
                tracked.observe_sessions(&session.look(ticked), around, now(ticked));
            }
            tracked.tick_if_due(around, now(ticked));
        }
    };
    let mut woken = script.wake.as_ref();
    for sample in script.samples.iter().filter(|sample| sample.ended_at <= until) {
        tick(&mut tracked, sample.ended_at);
        if let Some((_, wake)) = woken.take_if(|(at, _)| *at <= sample.sent_at.mono) {
            tracked.set_wake(wake.clone());
        }
        tracked.observe(sample, around, now(sample.ended_at));
        if let Some(echo) = tracked.echo_of(sample) {
            tracked.observe(&echo, around, now(sample.ended_at));
        }
    }
    tick(&mut tracked, until);
    let (mode, mut found) = if script.moment {
        (Mode::Moment, judge_monitor_moment(RULES, around, now(until)))
    } else {
        let mut own = MonitorDiagnosis::default();
        own.observe(RULES, around, now(until));
        (Mode::Watch, own.findings(RULES))
    };
    found.extend(tracked.findings(mode, around, now(until)));
    found
}
