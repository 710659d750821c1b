//! The JSON of `check`, held against what a test expects.

use serde_json::{Value, json};
use std::process::Output;

/// What one run of `check --format json` printed.
pub(crate) struct Report {
    code: Option<i32>,
    document: Value,
    stderr: String,
}

impl Report {
    pub(crate) fn read(output: &Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let stdout = String::from_utf8_lossy(&output.stdout);
            panic!("{}: no JSON ({error}): {stdout:?}, {stderr:?}", output.status)
        });
        let report = Self { code: output.status.code(), document, stderr };
        report.holds("", &report.document, &json!({ "schema": "rdpwatch.check/1" }));
        report
    }

    /// The only target has these keys and values, this machine is fine, and the exit code is that
    /// of the target's state.
    pub(crate) fn is(&self, expected: &Value) -> &Self {
        self.on_limited_machine(expected).monitor(&json!({ "state": "ok", "findings": [] }))
    }

    /// The same, without a word on this machine.
    pub(crate) fn on_limited_machine(&self, expected: &Value) -> &Self {
        self.holds("target", self.target(), expected);
        let code = match self.target().get("state").and_then(Value::as_str) {
            Some("ok") => 0,
            Some("warning") => 1,
            Some("critical") => 2,
            _ => 3,
        };
        assert_eq!(self.code, Some(code), "exit code; {}", self.all());
        self
    }

    /// This machine's part has these keys and values.
    pub(crate) fn monitor(&self, expected: &Value) -> &Self {
        self.holds("monitor", &self.document["monitor"], expected);
        self
    }

    /// The only target.
    pub(crate) fn target(&self) -> &Value {
        let targets = self.document["targets"].as_array().map(Vec::as_slice);
        let Some([target]) = targets else { panic!("not one target: {}", self.all()) };
        target
    }

    /// A number of the target, by JSON pointer.
    pub(crate) fn number(&self, pointer: &str) -> f64 {
        let value = self.target().pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no number at {pointer}: {}", self.all()))
    }

    fn holds(&self, what: &str, actual: &Value, expected: &Value) {
        if let Some(difference) = difference(what, actual, expected) {
            panic!("{difference}\n{}", self.all());
        }
    }

    fn all(&self) -> String {
        format!("{:#}\nexit {:?} {}", self.document, self.code, self.stderr)
    }
}

/// Where `actual` lacks what is expected: objects may have more keys, lists have the same length.
fn difference(path: &str, actual: &Value, expected: &Value) -> Option<String> {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().find_map(|(key, expected)| {
                let path = format!("{path}/{key}");
                match actual.get(key) {
                    Some(actual) => difference(&path, actual, expected),
                    None => Some(format!("{path} is absent, expected {expected}")),
                }
            })
        }
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            let pairs = actual.iter().zip(expected).enumerate();
            pairs
                .map(|(index, (actual, expected))| (format!("{path}/{index}"), actual, expected))
                .find_map(|(path, actual, expected)| difference(&path, actual, expected))
        }
        _ if actual == expected => None,
        _ => Some(format!("{path} is {actual:#}, expected {expected}")),
    }
}
