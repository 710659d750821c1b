//! The screen: an immutable snapshot in, effects out.
