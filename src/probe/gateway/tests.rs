//! Chains held against authorities of the tests own, and one answer for several targets.
