//! The single owner of all state between samples and snapshots.
