//! `demo --scenario`: a file of measurements played to the monitor on simulated time, on the
//! dashboard or as lines of text.

use super::watch::{self, Running};
use super::{DONE, FAILED, Failure, runtime, written};
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::domain::snapshot::Event;
use crate::domain::text::printable;
use crate::domain::time::{MonoTime, WallTime};
use crate::domain::words::utc;
use crate::probe::clock::Clock;
use crate::scenario::{Expected, Play, ScenarioError, Script, read};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Between two pictures on the dashboard.
const STEP: Duration = Duration::from_millis(100);
/// More than a scenario file may have, in bytes.
const LONGEST: u64 = (1 << 20) + 1;

/// Plays the scenarios of a file: all of them as text, or one on the dashboard.
pub(super) fn play(config: &Config, path: &Path, arguments: &DemoArgs) -> Result<u8, Failure> {
    let scripts = load(path)?;
    let chosen = choose(path, scripts, arguments.only.as_deref())?;
    if arguments.print {
        return print(&chosen);
    }
    let watched = chosen.into_iter().find(|script| !script.moment);
    let Some(script) = watched else {
        let message = format!(
            "{}: a scenario of one moment has nothing to watch; --print tells what comes of it",
            shown(path)
        );
        return Err(Failure::new(FAILED, message));
    };
    let runtime = runtime()?;
    let ended = runtime.block_on(show(config, script, arguments.speed()));
    runtime.shutdown_background();
    ended
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

fn load(path: &Path) -> Result<Vec<Arc<Script>>, Failure> {
    let place = shown(path);
    let failed = |what: String| Failure::new(2, format!("{place}: {what}"));
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    let scripts = read(&text).map_err(|error: ScenarioError| match error.line {
        Some(line) => Failure::new(2, format!("{place}:{line}: {}", error.message)),
        None => failed(error.message),
    })?;
    Ok(scripts.into_iter().map(Arc::new).collect())
}

/// Those whose name has `only` in it; all without it.
fn choose(
    path: &Path,
    scripts: Vec<Arc<Script>>,
    only: Option<&str>,
) -> Result<Vec<Arc<Script>>, Failure> {
    let Some(only) = only else { return Ok(scripts) };
    let wanted = only.to_lowercase();
    let (chosen, others): (Vec<_>, Vec<_>) =
        scripts.into_iter().partition(|script| script.name.to_lowercase().contains(&wanted));
    if chosen.is_empty() {
        let names: Vec<String> =
            others.iter().map(|script| format!("  {}", printable(&script.name))).collect();
        let message = format!(
            "no scenario of {} is called \"{}\"; there are\n{}",
            shown(path),
            printable(only),
            names.join("\n")
        );
        return Err(Failure::new(2, message));
    }
    Ok(chosen)
}

/// Goes on to a moment; what was expected on the way is a line of the event log each.
/// Returns how many times it was not as expected.
fn go_on(play: &mut Play, expected: &mut Vec<Expected>, until: MonoTime) -> usize {
    let mut wrong = 0;
    while let Some(next) = expected.pop_if(|next| next.at() <= until) {
        play.advance(next.at());
        let complaints = next.complaints(&play.snapshot());
        wrong += usize::from(!complaints.is_empty());
        if complaints.is_empty() {
            let standing: Vec<&str> = next.words().collect();
            let standing = if standing.is_empty() { "nothing".into() } else { standing.join(", ") };
            play.log(format!("as the scenario expects: {standing}"));
        }
        for complaint in complaints {
            play.log(format!("not as the scenario expects: {complaint}"));
        }
    }
    play.advance(until);
    wrong
}

/// What a script expects, the last first.
fn expectations(script: &Script) -> Vec<Expected> {
    let mut expected = script.expected.clone();
    expected.sort_by_key(|one| std::cmp::Reverse(one.at()));
    expected
}

/// Plays everything at once and tells what a monitor would have told.
fn print(scripts: &[Arc<Script>]) -> Result<u8, Failure> {
    let (mut text, mut wrong) = (String::new(), 0);
    for script in scripts {
        let _always = writeln!(text, "{}", printable(&script.name));
        if script.moment {
            let _always = writeln!(text, "  left out: it is about one check, not a course");
            continue;
        }
        let mut play = Play::new(Arc::clone(script));
        wrong += go_on(&mut play, &mut expectations(script), script.end());
        let snapshot = play.snapshot();
        for event in snapshot.events.iter() {
            let _always = writeln!(text, "  {}", line(event, script));
        }
    }
    written(text.as_bytes())?;
    Ok(if wrong == 0 { DONE } else { FAILED })
}

/// `07:00:12Z host-3: ...`.
fn line(event: &Event, script: &Script) -> String {
    let target = event.target.and_then(|id| script.targets.iter().find(|known| known.0.id == id));
    let text = printable(&event.text).replace('\n', " ");
    let named = target.map(|(target, _)| printable(&target.name));
    let whose = named.filter(|name| !text.starts_with(&**name));
    let whose = whose.map_or_else(String::new, |name| format!("{name}: "));
    format!("{} {whose}{text}", utc(event.at))
}

/// Plays a script on the dashboard.
async fn show(config: &Config, script: Arc<Script>, speed: u32) -> Result<u8, Failure> {
    let mut play = Play::new(Arc::clone(&script));
    play.log(format!("scenario: {}, {speed} times as fast", printable(&script.name)));
    let config = Config {
        targets: script.targets.iter().map(|(target, _)| target.clone()).collect(),
        sinks: Vec::new(),
        // Nobody is there to be woken or asked.
        read_only: true,
        ..config.clone()
    };
    let first = Arc::new(play.snapshot());
    let shown = Arc::new(AtomicI64::new(play.wall().unix_millis()));
    let now = Arc::clone(&shown);
    let local = script.around.local(MonoTime::ZERO);
    watch::front(Arc::new(config), &local, first, Arc::new(move || clock(&now)), None, |running| {
        tokio::spawn(run(play, speed, shown, running))
    })
    .await
}

fn clock(millis: &AtomicI64) -> WallTime {
    WallTime::from_unix_millis(millis.load(Ordering::Relaxed))
}

/// Goes through the script until it has ended, then lets time stand still.
async fn run(mut play: Play, speed: u32, wall: Arc<AtomicI64>, running: Running) {
    let Running { mut inbox, snapshots, stop, .. } = running;
    let clock = Clock::start();
    let end = play.script().end();
    let mut expected = expectations(play.script());
    let mut pace = interval(STEP);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        pace.tick().await;
        // What is asked for concerns hosts that do not exist.
        while inbox.try_recv().is_ok() {}
        if play.ended() {
            continue;
        }
        let played = clock.mono().since(MonoTime::ZERO) * speed;
        go_on(&mut play, &mut expected, MonoTime::ZERO.plus(played).min(end));
        if play.ended() {
            play.log("the scenario has ended; time stands still".to_owned());
        }
        wall.store(play.wall().unix_millis(), Ordering::Relaxed);
        snapshots.send_replace(Arc::new(play.snapshot()));
    }
}
