//! How long, as it is typed: `90m`, `2h`, `1h 30m`, `1d`.

use std::time::Duration;

/// Longest maintenance that can be asked for on the screen.
const LONGEST: Duration = Duration::from_hours(24 * 30);

/// Why a text is no length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// Not numbers with units.
    #[error("expected a length such as 90m, 2h or 1d")]
    Form,
    /// Nothing, or more than a month.
    #[error("expected a length from 1m to 30d")]
    Bounds,
}

/// Reads numbers with the units `m`, `h` and `d`, from a minute to 30 days.
///
/// # Errors
/// [`LengthError`].
pub fn parse_length(text: &str) -> Result<Duration, LengthError> {
    let mut minutes: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(LengthError::Form);
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or(LengthError::Form)?;
        let (digits, after) = rest.split_at(end);
        let number: u64 = digits.parse().map_err(|_| LengthError::Form)?;
        let after = after.trim_start();
        let word = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, left) = after.split_at(word);
        let each = match unit {
            "m" | "min" => 1,
            "h" => 60,
            "d" => 1_440,
            _ => return Err(LengthError::Form),
        };
        minutes = minutes.saturating_add(number.saturating_mul(each));
        rest = left.trim_start();
    }
    let length = Duration::from_secs(minutes.saturating_mul(60));
    if length.is_zero() || length > LONGEST {
        return Err(LengthError::Bounds);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_type_them() {
        for (text, minutes) in [
            ("90m", 90),
            ("2h", 120),
            (" 1h 30m ", 90),
            ("1d", 1_440),
            ("1d2h", 1_560),
            ("5 min", 5),
        ] {
            assert_eq!(parse_length(text), Ok(Duration::from_secs(minutes * 60)), "{text}");
        }
        for wrong in ["", " ", "2", "h", "2x", "-2h", "2h!", "1.5h", "\u{ff12}h"] {
            assert_eq!(parse_length(wrong), Err(LengthError::Form), "{wrong}");
        }
        for wrong in ["0m", "31d", "18446744073709551615d"] {
            assert_eq!(parse_length(wrong), Err(LengthError::Bounds), "{wrong}");
        }
    }
}
