//! The composition root: wires configuration, probes, monitor and screen together.
