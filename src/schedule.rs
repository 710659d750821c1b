//! When each probe is due. Pure: the clock is an argument.
