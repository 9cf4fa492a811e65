//! A salted hash that recognizes a secret without revealing it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use terraform_plugin::Secret;

/// About a millisecond on a machine of 2026: cheap for one comparison, expensive for guessing.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_999);
/// The first byte of a fingerprint, which identifies this derivation: [`ROUNDS`], a salt and the first bytes of the
/// hash.
const VERSION: u8 = 1;
const SALT: usize = 16;
/// The number of stored bytes of the hash, enough to prevent collisions.
const STORED: usize = 16;

/// A salted hash of a write-only value (PBKDF2 with HMAC-SHA-256) for the private state, as 44 characters of Base64. A
/// process uses one salt per secret, so a state shows which objects received the same value in one run. Different
/// secrets and different processes have different salts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// Creates the fingerprint of a secret. Returns `None` if the system has no random numbers.
    pub(crate) fn of(secret: &Secret) -> Option<Self> {
        let mut derived = derived()?;
        let salt = derived.salt(secret)?;
        let hash = derived.hash(&salt, ROUNDS, secret);
        let bytes = [&[VERSION], salt.as_slice(), &hash[..STORED]].concat();
        Some(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Whether this is the fingerprint of a secret. A damaged fingerprint matches no secret.
    pub(crate) fn is_of(&self, secret: &Secret) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(&self.0) else {
            return false;
        };
        let Some((&VERSION, rest)) = bytes.split_first() else {
            return false;
        };
        let Some((salt, hash)) = rest.split_at_checked(SALT) else {
            return false;
        };
        let expected = match derived() {
            Some(mut derived) => derived.hash(salt, ROUNDS, secret),
            None => derive(salt, ROUNDS, secret),
        };
        constant_time::verify_slices_are_equal(&expected[..STORED], hash).is_ok()
    }
}

/// A cache of the derivations of this process: many objects with one credential need one derivation. Secrets are
/// identified by a keyed hash and not stored.
struct Derived {
    key: hmac::Key,
    salts: HashMap<Tag, [u8; SALT]>,
    hashes: HashMap<Tag, Hash>,
}

/// The keyed hash of the inputs of a derivation.
type Tag = [u8; 32];
type Hash = [u8; 32];

/// The maximum number of derivations. When it is reached, all are removed.
const MAX_DERIVED: usize = 10_000;

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

    /// The salt of this process for a secret.
    fn salt(&mut self, secret: &Secret) -> Option<[u8; SALT]> {
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
        let (rounds_bytes, length) = (rounds.get().to_be_bytes(), salt.len().to_be_bytes());
        let tag = self.tag(&[&rounds_bytes, &length, salt, secret.expose().as_bytes()]);
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
    if all.len() >= MAX_DERIVED {
        all.clear();
    }
    all.insert(tag, value);
}

/// The cache of this process. `None` if the system has no random numbers.
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
    fn fingerprint_matches_only_its_secret() {
        let fingerprint = Fingerprint::of(&secret("Splunk s3cret")).unwrap();
        assert!(fingerprint.is_of(&secret("Splunk s3cret")));
        assert!(!fingerprint.is_of(&secret("Splunk s3cre7")));
        let text = serde_json::to_string(&fingerprint).unwrap();
        assert!(!text.contains("s3cret") && !text.contains(&URL_SAFE_NO_PAD.encode("Splunk s3cret")));
    }

    #[test]
    fn fingerprint_damaged_matches_no_secret() {
        let Fingerprint(sound) = Fingerprint::of(&secret("s")).unwrap();
        assert_eq!(sound.len(), 44);
        let other_version =
            URL_SAFE_NO_PAD.encode([&[2], &URL_SAFE_NO_PAD.decode(&sound).unwrap()[1..]].concat());
        for damaged in ["", "not base64!", "AQ", &sound[..40], &other_version] {
            assert!(!Fingerprint(damaged.to_owned()).is_of(&secret("s")), "{damaged}");
        }
    }

    #[test]
    fn secret_has_one_salt_in_a_process() {
        let made = |text| Fingerprint::of(&secret(text)).unwrap();
        assert_eq!(made("Bearer 1"), made("Bearer 1"));
        assert_ne!(made("Bearer 1").0[..20], made("Bearer 2").0[..20]);
        let (mut here, mut elsewhere) = (Derived::new().unwrap(), Derived::new().unwrap());
        assert_ne!(
            here.salt(&secret("Bearer 1")),
            elsewhere.salt(&secret("Bearer 1"))
        );
    }

    #[test]
    fn derivations_are_keyed_by_all_inputs() {
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
