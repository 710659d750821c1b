//! How files are made.

use std::fs::OpenOptions;

/// What is made with these is readable by its owner only (on Unix): it may hold secrets, and says
/// who is watched.
#[must_use]
pub fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}
