//! The `rdpwatch` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(rdpwatch::app::run(std::env::args_os()))
}
