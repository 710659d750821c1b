//! The edge: sockets, the resolver, the clock. Everything else is given what it finds.

pub mod clock;

pub mod connect;

pub mod echo;

mod socket;

//pub mod wake;
