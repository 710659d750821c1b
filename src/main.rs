//! The `rdpwatch` program.

fn main() {}
