//! Text and JSON for people and scripts: check, explain, doctor.
