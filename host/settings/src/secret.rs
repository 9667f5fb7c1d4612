//! Text that must not be shown.

use std::fmt;

/// A secret: shown as `[redacted]` wherever it is formatted, readable only by [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for the header that carries it, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let key = Secret::new("sk-ant-123");
        assert_eq!(
            format!("{key} {key:?} {:?}", Some(&key)),
            "[redacted] Secret([redacted]) Some(Secret([redacted]))"
        );
        assert_eq!(key.expose(), "sk-ant-123");
    }
}
