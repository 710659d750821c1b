//! Targets and settings: text in, typed configuration out.
