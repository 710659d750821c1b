//! The `rdpwatch` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
