//! What a user's client asks for, as far as its connection file says.
//!
//! Source: Microsoft Learn, "Supported RDP properties".

/// What a `.rdp` file asks of the host. `None` where it says nothing, and the client's default
/// holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClientSettings {
    /// `enablecredsspsupport`: whether the client offers NLA.
    pub credssp: Option<bool>,
    /// `authentication level`: what the client does when it cannot tell who the host is.
    pub authentication: Option<Authentication>,
    /// `enablerdsaadauth`: whether the client signs in with Microsoft Entra.
    pub entra: Option<bool>,
}

/// What a client does when server authentication fails (`authentication level`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// 0: connects without a word.
    Ignore,
    /// 1: does not connect.
    Refuse,
    /// 2: asks the user.
    Warn,
    /// 3: nothing is required.
    NotRequired,
}

impl Authentication {
    /// By its number in the file; `None` for a number that the documentation does not know.
    #[must_use]
    pub const fn of(level: i64) -> Option<Self> {
        match level {
            0 => Some(Self::Ignore),
            1 => Some(Self::Refuse),
            2 => Some(Self::Warn),
            3 => Some(Self::NotRequired),
            _ => None,
        }
    }
}

impl ClientSettings {
    /// Whether the file says anything of these.
    #[must_use]
    pub fn says_something(&self) -> bool {
        *self != Self::default()
    }
}
