//! Numbers that nobody can guess, from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

/// `N` unpredictable bytes; zeros where the system has none, and a probe still works.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    let _filled = SystemRandom::new().fill(&mut bytes);
    bytes
}
