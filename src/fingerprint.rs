//! A trace of a secret by which the same secret is known again, and nothing else.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use terraform_plugin::Secret;

/// About a millisecond of work on a machine of 2026: little for one comparison, much for guessing.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_999);

/// A salted hash of a write-only value (PBKDF2 with HMAC-SHA-256), for the private state. Those that one process
/// makes of one secret are the same, so that a state tells which objects were given the same value in one run; of
/// different secrets, or by different processes, each has a salt of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    salt: String,
    rounds: NonZeroU32,
    hash: String,
}

impl Fingerprint {
    /// The fingerprint of a secret. `None` if the system has no randomness.
    pub(crate) fn of(secret: &Secret) -> Option<Self> {
        let mut derived = derived()?;
        let salt = derived.salt(secret)?;
        let hash = derived.hash(&salt, ROUNDS, secret);
        Some(Self {
            salt: STANDARD.encode(salt),
            rounds: ROUNDS,
            hash: STANDARD.encode(hash),
        })
    }

    /// Whether this is the fingerprint of that secret.
    pub(crate) fn is_of(&self, secret: &Secret) -> bool {
        // The private state is only as trustworthy as the state file: no billion rounds.
        let (Ok(salt), Ok(hash), true) = (
            STANDARD.decode(&self.salt),
            STANDARD.decode(&self.hash),
            self.rounds.get() <= 1_000_000,
        ) else {
            return false;
        };
        let expected = match derived() {
            Some(mut derived) => derived.hash(&salt, self.rounds, secret),
            None => derive(&salt, self.rounds, secret),
        };
        constant_time::verify_slices_are_equal(&expected, &hash).is_ok()
    }
}

/// What this process has derived, so that a thousand objects with one authorization cost as much as one. It knows
/// secrets by a keyed hash, and keeps none.
struct Derived {
    key: hmac::Key,
    salts: HashMap<Tag, [u8; 16]>,
    hashes: HashMap<Tag, Hash>,
}

/// The keyed hash of what something was derived from.
type Tag = [u8; 32];
type Hash = [u8; 32];

/// How many derivations are kept; then it begins anew.
const MOST: usize = 10_000;

impl Derived {
    fn new() -> Option<Self> {
        let mut key = Tag::default();
        rand::fill(&mut key).ok()?;
        Some(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            salts: HashMap::new(),
            hashes: HashMap::new(),
        })
    }

    /// The salt that this process has for a secret.
    fn salt(&mut self, secret: &Secret) -> Option<[u8; 16]> {
        let tag = self.tag(&[secret.expose().as_bytes()]);
        if let Some(salt) = self.salts.get(&tag) {
            return Some(*salt);
        }
        let mut salt = [0; 16];
        rand::fill(&mut salt).ok()?;
        kept(&mut self.salts, tag, salt);
        Some(salt)
    }

    fn hash(&mut self, salt: &[u8], rounds: NonZeroU32, secret: &Secret) -> Hash {
        let (rounds_told, length) = (rounds.get().to_be_bytes(), salt.len().to_be_bytes());
        let tag = self.tag(&[&rounds_told, &length, salt, secret.expose().as_bytes()]);
        if let Some(hash) = self.hashes.get(&tag) {
            return *hash;
        }
        let hash = derive(salt, rounds, secret);
        kept(&mut self.hashes, tag, hash);
        hash
    }

    fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(part);
        }
        let mut tag = Tag::default();
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

fn kept<T>(all: &mut HashMap<Tag, T>, tag: Tag, value: T) {
    if all.len() >= MOST {
        all.clear();
    }
    all.insert(tag, value);
}

/// What this process has derived so far. `None` if the system has no randomness.
fn derived() -> Option<MutexGuard<'static, Derived>> {
    static DERIVED: OnceLock<Option<Mutex<Derived>>> = OnceLock::new();
    let derived = DERIVED.get_or_init(|| Derived::new().map(Mutex::new)).as_ref()?;
    Some(derived.lock().unwrap_or_else(PoisonError::into_inner))
}

fn derive(salt: &[u8], rounds: NonZeroU32, secret: &Secret) -> Hash {
    let mut hash = Hash::default();
    pbkdf2::derive(
        PBKDF2_HMAC_SHA256,
        rounds,
        salt,
        secret.expose().as_bytes(),
        &mut hash,
    );
    hash
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

    #[test]
    fn one_secret_has_one_salt_in_a_process_and_another_has_its_own() {
        let made = |text| Fingerprint::of(&secret(text)).unwrap();
        assert_eq!(made("Bearer 1"), made("Bearer 1"));
        assert_ne!(made("Bearer 1").salt, made("Bearer 2").salt);
        let (mut here, mut elsewhere) = (Derived::new().unwrap(), Derived::new().unwrap());
        assert_ne!(
            here.salt(&secret("Bearer 1")),
            elsewhere.salt(&secret("Bearer 1"))
        );
    }

    #[test]
    fn what_is_kept_is_told_apart_by_all_that_it_was_derived_from() {
        let mut derived = Derived::new().unwrap();
        let two = NonZeroU32::MIN.saturating_add(1);
        let sources = [
            (b"salt".as_slice(), NonZeroU32::MIN, "secret"),
            (b"salt", two, "secret"),
            (b"salts", NonZeroU32::MIN, "ecret"),
            (b"tlas", NonZeroU32::MIN, "secret"),
            (b"salt", NonZeroU32::MIN, "secrets"),
        ];
        for _ in 0..2 {
            for (salt, rounds, text) in sources {
                let secret = secret(text);
                assert_eq!(derived.hash(salt, rounds, &secret), derive(salt, rounds, &secret));
            }
        }
        assert_eq!(
            derived.hashes.len(),
            sources.len(),
            "the second time, nothing is derived anew"
        );
    }
}
