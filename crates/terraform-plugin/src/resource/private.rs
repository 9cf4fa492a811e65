//! The private data of a resource.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// Named JSON values that Terraform stores with the state of a resource, and that only the provider reads. They are
/// stored in plain text: never put a secret in them. `Debug` shows only the names, because the data of another provider
/// may contain a secret.
#[derive(Clone, Default, PartialEq)]
pub struct Private {
    values: Map<String, Json>,
    /// Bytes that another provider wrote. They remain unchanged until a value is set.
    foreign: Vec<u8>,
}

impl Private {
    /// Reads the bytes that are stored with a state.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (values, foreign) = match serde_json::from_slice(bytes) {
            Ok(values) => (values, Vec::new()),
            Err(_) => (Map::new(), bytes.to_vec()),
        };
        Self { values, foreign }
    }

    /// The bytes to store with the state.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.values.is_empty() {
            return self.foreign.clone();
        }
        // A map with string keys always has a JSON form.
        serde_json::to_vec(&self.values).unwrap_or_default()
    }

    /// The value with this name, if it has the type `T`.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.values.get(name)?).ok()
    }

    /// Stores a value. A value without a JSON form removes the stored one.
    pub fn set(&mut self, name: &str, value: &impl Serialize) {
        self.remove(name);
        if let Ok(value) = serde_json::to_value(value) {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// Removes a value.
    pub fn remove(&mut self, name: &str) {
        self.foreign.clear();
        self.values.remove(name);
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_set_value_round_trips() {
        let mut private = Private::from_bytes(b"");
        assert_eq!(private.to_bytes(), b"");
        private.set("version", &3);
        let mut back = Private::from_bytes(&private.to_bytes());
        assert_eq!(back.get::<u8>("version"), Some(3));
        assert_eq!(back.get::<String>("version"), None);
        back.remove("version");
        assert_eq!(back, Private::default());
    }

    #[test]
    fn private_foreign_bytes_are_kept_until_value_is_set() {
        let mut private = Private::from_bytes(b"\xff not ours");
        assert_eq!(private.to_bytes(), b"\xff not ours");
        assert_eq!(private.get::<u8>("a"), None);
        private.set("a", &1);
        assert_eq!(private.to_bytes(), br#"{"a":1}"#);
    }
}
