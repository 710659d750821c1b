//! What a TOML parser says of a key map or a theme, as one sentence.

/// `line 3: unknown field ...`, in one line.
#[must_use]
pub fn sentence(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}
