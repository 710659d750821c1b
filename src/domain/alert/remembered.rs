//! What a later run must know of an alert, so that nobody is told twice.

use super::super::finding::Severity;
use super::super::time::WallTime;
use super::Signature;

/// An alert that fired when it was last saved; the store keeps it under its rule's name.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RememberedAlert {
    /// First supporting sample.
    pub since: WallTime,
    /// When it was last known to fire.
    pub seen: WallTime,
    /// How bad when it was last told; at that time where it was not.
    pub severity: Severity,
    /// A few words, escaped.
    pub title: String,
    /// When it was last told; `None`: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<WallTime>,
    /// When somebody acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<WallTime>,
    /// Who acknowledged it, and their note.
    #[serde(default, skip_serializing_if = "Signature::is_empty")]
    pub signed: Signature,
    /// Silent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<WallTime>,
    /// How often it went and came back.
    #[serde(default)]
    pub returns: u32,
}
