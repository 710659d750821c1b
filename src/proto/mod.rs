//! Sans-IO codecs: bytes to values and back, total and bounded.
