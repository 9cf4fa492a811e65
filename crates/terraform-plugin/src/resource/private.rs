//! What a resource remembers beside its state.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// The private state of a resource: named JSON values that travel with its state and that only the
/// provider sees. Terraform stores them as they are: never put a secret in here in the clear. `Debug`
/// shows the names alone: what another provider has put in may be one.
#[derive(Clone, PartialEq)]
pub struct Private(Content);

#[derive(Clone, PartialEq)]
enum Content {
    Ours(Map<String, Json>),
    /// Bytes of another provider, or of nobody: they go back unchanged until something is set.
    Foreign(Vec<u8>),
}

impl Private {
    /// Reads the bytes that came with a state.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        serde_json::from_slice(bytes).map_or_else(
            |_| Self(Content::Foreign(bytes.to_vec())),
            |ours| Self(Content::Ours(ours)),
        )
    }

    /// The bytes to travel with the state.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Content::Ours(values) if values.is_empty() => Vec::new(),
            // A JSON map with string keys always serialises.
            Content::Ours(values) => serde_json::to_vec(values).unwrap_or_default(),
            Content::Foreign(bytes) => bytes.clone(),
        }
    }

    /// What is remembered under this name, if it has that type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        match &self.0 {
            Content::Ours(values) => T::deserialize(values.get(name)?).ok(),
            Content::Foreign(_) => None,
        }
    }

    /// Remembers a value. One that has no JSON form is forgotten instead.
    pub fn set(&mut self, name: &str, value: &impl Serialize) {
        self.remove(name);
        if let (Content::Ours(values), Ok(value)) = (&mut self.0, serde_json::to_value(value)) {
            values.insert(name.to_owned(), value);
        }
    }

    /// Forgets a value.
    pub fn remove(&mut self, name: &str) {
        match &mut self.0 {
            Content::Ours(values) => {
                values.remove(name);
            }
            Content::Foreign(_) => *self = Self::default(),
        }
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Ours(values) => f.debug_set().entries(values.keys()).finish(),
            Content::Foreign(bytes) => write!(f, "Private({} bytes)", bytes.len()),
        }
    }
}

impl Default for Private {
    fn default() -> Self {
        Self(Content::Ours(Map::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_comes_back() {
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
    fn foreign_bytes_go_back_unchanged_until_something_is_set() {
        let mut private = Private::from_bytes(b"\xff not ours");
        assert_eq!(private.to_bytes(), b"\xff not ours");
        assert_eq!(private.get::<u8>("a"), None);
        private.set("a", &1);
        assert_eq!(private.to_bytes(), br#"{"a":1}"#);
    }
}
