//! Strings that no output may contain.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A sensitive string in a model. `Debug` omits it, and dropping it erases it from memory. Only the conversion of a
/// model to a [`Value`](crate::Value) writes it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The string, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_secret_is_omitted() {
        let secret = Secret::from("Splunk s3cret".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.expose(), "Splunk s3cret");
    }
}
