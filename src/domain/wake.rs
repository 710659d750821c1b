//! Waking a PC: what was sent, and how far up it has come.

/// One wake-up, from the packet to the X.224 answer.
#[derive(Debug, Clone, PartialEq)]
pub struct WakeProgress {}
