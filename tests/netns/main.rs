//! The program against real peers: xrdp, freerdp-shadow, dnsmasq and nftables, in networks made of
//! Linux network namespaces.
//!
//! Each test builds a network of its own, runs the compiled program in one of its machines and
//! holds the JSON of `check` against what that network is. Nothing leaves the namespaces. Root and
//! the packages that `.ci/run` installs are needed; without them every test says that it is
//! skipped and why, and with `RDPWATCH_REQUIRE_NETNS=1` a skip is a failure.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test that cannot go on has failed"
    )
)]

#[cfg(target_os = "linux")]
mod capture;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod certificate;
#[cfg(target_os = "linux")]
mod dns;
#[cfg(target_os = "linux")]
mod echoer;
#[cfg(target_os = "linux")]
mod firewall;
#[cfg(target_os = "linux")]
mod flood;
#[cfg(target_os = "linux")]
mod lab;
#[cfg(target_os = "linux")]
mod listener;
mod process;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod scripted;
#[cfg(target_os = "linux")]
mod shadow;
#[cfg(target_os = "linux")]
mod terminal;
mod tunnel;
#[cfg(target_os = "linux")]
mod wait;
mod watched;
#[cfg(target_os = "linux")]
mod xrdp;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    runner::main()
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::print_stdout, reason = "the result of a test run")]
fn main() -> ExitCode {
    println!("netns: skipped, network namespaces are Linux's");
    ExitCode::SUCCESS
}
