//! Runs the cases that this machine can run, says why the others are skipped, and counts both.

use crate::cases::{self, Case};
use crate::{dns, echoer, flood, lab, listener, process, program, scripted};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Set to make a skip a failure.
const REQUIRE: &str = "RDPWATCH_REQUIRE_NETNS";

/// Every network needs these.
const BASE: &[&str] = &["ip", "sh", "timeout"];

/// Cases at the same time: they wait more than they compute.
const AT_ONCE: usize = 4;

#[derive(Default)]
struct Counts {
    run: AtomicU32,
    skipped: AtomicU32,
}

pub(crate) fn main() -> ExitCode {
    // In a namespace this program plays a peer that no package provides.
    let words: Vec<String> = std::env::args().collect();
    if let [_, flag, rcode] = words.as_slice()
        && flag == dns::PEER_FLAG
    {
        return dns::serve_failure(rcode);
    }
    if let [_, flag, udp, certificate] = words.as_slice()
        && flag == scripted::PEER_FLAG
    {
        return scripted::serve(udp, certificate);
    }
    if let [_, flag, batch] = words.as_slice()
        && flag == listener::PEER_FLAG
    {
        return listener::listen(batch);
    }
    if let [_, flag, kind] = words.as_slice()
        && flag == echoer::PEER_FLAG
    {
        return echoer::serve(kind);
    }
    if let [_, flag, address] = words.as_slice()
        && flag == flood::PEER_FLAG
    {
        return flood::flow(address);
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let required = std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
    if process::is_root() && !arguments.list {
        lab::clear_the_dead();
    }
    let counts = Arc::new(Counts::default());
    let trials = cases::all().into_iter().map(|case| trial(case, required, &counts)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        lab::tidy();
        program::tidy();
        echoer::tidy();
        say(&format!(
            "netns: {} run, {} skipped",
            counts.run.load(Ordering::Relaxed),
            counts.skipped.load(Ordering::Relaxed)
        ));
    }
    conclusion.exit_code()
}

fn trial(case: Case, required: bool, counts: &Arc<Counts>) -> Trial {
    let counts = Arc::clone(counts);
    Trial::ignorable_test(case.name, move || match missing(case.needs) {
        None => {
            counts.run.fetch_add(1, Ordering::Relaxed);
            (case.run)();
            Ok(Completion::Completed)
        }
        Some(reason) => {
            counts.skipped.fetch_add(1, Ordering::Relaxed);
            let reason = format!("skipped: {reason}");
            if required {
                Err(Failed::from(format!("{reason}, and {REQUIRE}=1 forbids to skip")))
            } else {
                Ok(Completion::ignored_with(reason))
            }
        }
    })
}

/// What keeps this machine from running a case.
fn missing(needs: &[&str]) -> Option<String> {
    if !process::is_root() {
        return Some("needs root".to_owned());
    }
    let absent = BASE.iter().chain(needs).find(|tool| process::find(tool).is_none())?;
    Some(format!("needs {absent}"))
}

#[expect(clippy::print_stdout, reason = "the result of a test run")]
fn say(line: &str) {
    println!("{line}");
}
