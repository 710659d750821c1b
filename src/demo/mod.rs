//! Hosts that the program starts itself on loopback: real sockets, real handshakes.
