//! What a newer version keeps in the same file, and this one does not know: it goes back as it was.

use serde_json::Value;

/// A file as it was read, beside what this version would have made of it.
#[derive(Debug)]
pub(super) struct Foreign {
    said: Value,
    known: Value,
}

impl Foreign {
    /// What `said` holds beyond `known`, which is the same as this version writes it; `None` where
    /// that is nothing.
    pub(super) fn between(said: &[u8], known: &[u8]) -> Option<Self> {
        if said == known {
            return None;
        }
        let read = |bytes| serde_json::from_slice::<Value>(bytes).ok();
        let (said, known) = (read(said)?, read(known)?);
        (said != known).then_some(Self { said, known })
    }

    /// Puts it into what is written in its place: into what is still there, and over nothing.
    pub(super) fn put_into(&self, new: &mut Value) {
        put(&self.said, &self.known, new);
    }
}

/// Of an object the keys that are not known. An element of a list is the one that it was while all
/// that is known of it is the same.
fn put(said: &Value, known: &Value, new: &mut Value) {
    match (said, known, new) {
        (Value::Object(said), Value::Object(known), Value::Object(new)) => {
            for (key, value) in said {
                match (known.get(key), new.get_mut(key)) {
                    (None, None) => {
                        new.insert(key.clone(), value.clone());
                    }
                    (Some(known), Some(new)) => put(value, known, new),
                    _ => {}
                }
            }
        }
        (Value::Array(said), Value::Array(known), Value::Array(new))
            if said.len() == known.len() =>
        {
            let foreign = said.iter().zip(known).filter(|(said, known)| said != known);
            for (said, known) in foreign {
                if let Some(new) = new.iter_mut().find(|new| *new == known) {
                    put(said, known, new);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is written in place of `said`, of which this version knows `known`.
    fn written(said: &Value, known: &Value, mut new: Value) -> Value {
        let bytes = |value: &Value| serde_json::to_vec(value).expect("JSON");
        if let Some(foreign) = Foreign::between(&bytes(said), &bytes(known)) {
            foreign.put_into(&mut new);
        }
        new
    }

    #[test]
    fn what_is_not_known_stays_beside_what_changes() {
        let said = json!({"a": {"x": 1, "new": {"y": 2}}, "gone": {"new": 3}, "new": [4]});
        let known = json!({"a": {"x": 1}, "gone": {}});
        let new = json!({"a": {"x": 5}, "b": {}});
        let all = json!({"a": {"x": 5, "new": {"y": 2}}, "b": {}, "new": [4]});
        assert_eq!(written(&said, &known, new), all, "what is gone takes its own with it");
        assert_eq!(written(&known, &known, json!({"b": 1})), json!({"b": 1}));
    }

    #[test]
    fn an_element_is_known_again_by_what_is_known_of_it() {
        let said = json!([{"x": 1, "new": 1}, {"x": 2, "new": 2}, {"x": 3}]);
        let known = json!([{"x": 1}, {"x": 2}, {"x": 3}]);
        let new = json!([{"x": 0}, {"x": 2}, {"x": 9}]);
        assert_eq!(written(&said, &known, new), json!([{"x": 0}, {"x": 2, "new": 2}, {"x": 9}]));
    }

    #[test]
    fn what_this_version_leaves_out_as_usual_is_not_put_over_what_it_says() {
        let said = json!({"pinned": false, "snoozed": null});
        assert_eq!(
            written(&said, &json!({}), json!({"pinned": true})),
            json!({
                "pinned": true, "snoozed": null
            })
        );
    }
}
