//! A trace of a secret by which the same secret is known again, and nothing else.

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

use crate::framework::Secret;

/// About a millisecond of work on a machine of 2026: little for one comparison, much for guessing.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_999);

/// A salted hash of a write-only value (PBKDF2 with HMAC-SHA-256), for the private state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    salt: String,
    rounds: NonZeroU32,
    hash: String,
}

impl Fingerprint {
    /// The fingerprint of a secret, with a salt of its own. `None` if the system has no randomness.
    pub(super) fn of(secret: &Secret) -> Option<Self> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).ok()?;
        let mut hash = [0; 32];
        pbkdf2::derive(
            PBKDF2_HMAC_SHA256,
            ROUNDS,
            &salt,
            secret.expose().as_bytes(),
            &mut hash,
        );
        Some(Self {
            salt: STANDARD.encode(salt),
            rounds: ROUNDS,
            hash: STANDARD.encode(hash),
        })
    }

    /// Whether this is the fingerprint of that secret.
    pub(super) fn is_of(&self, secret: &Secret) -> bool {
        // The private state is only as trustworthy as the state file: no billion rounds.
        let (Ok(salt), Ok(hash), true) = (
            STANDARD.decode(&self.salt),
            STANDARD.decode(&self.hash),
            self.rounds.get() <= 1_000_000,
        ) else {
            return false;
        };
        pbkdf2::verify(
            PBKDF2_HMAC_SHA256,
            self.rounds,
            &salt,
            secret.expose().as_bytes(),
            &hash,
        )
        .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[test]
    fn a_secret_is_known_again_and_another_is_not() {
        let fingerprint = Fingerprint::of(&secret("Splunk s3cret")).unwrap();
        assert!(fingerprint.is_of(&secret("Splunk s3cret")));
        assert!(!fingerprint.is_of(&secret("Splunk s3cre7")));
        assert_ne!(
            Fingerprint::of(&secret("Splunk s3cret")).unwrap(),
            fingerprint,
            "each has its own salt"
        );
        let text = serde_json::to_string(&fingerprint).unwrap();
        assert!(!text.contains("s3cret") && !text.contains(&STANDARD.encode("Splunk s3cret")));
    }

    #[test]
    fn a_damaged_fingerprint_is_of_nothing() {
        let sound = Fingerprint::of(&secret("s")).unwrap();
        assert!(
            !Fingerprint {
                hash: "not base64!".to_owned(),
                ..sound.clone()
            }
            .is_of(&secret("s"))
        );
        assert!(
            !Fingerprint {
                rounds: NonZeroU32::MAX,
                ..sound
            }
            .is_of(&secret("s"))
        );
    }
}
