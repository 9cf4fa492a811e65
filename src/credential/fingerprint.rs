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
/// The most rounds that a comparison computes, so that a forged state does not block the process.
const MAX_ROUNDS: u32 = 100_000;
/// The first byte of a fingerprint, which identifies its form: the number of rounds, a salt and the first bytes of the
/// hash.
const VERSION: u8 = 2;
const SALT: usize = 16;
/// The number of stored bytes of the hash, enough to prevent collisions.
const STORED: usize = 16;

/// A value with fewer characters can be guessed from its fingerprint.
pub(super) const MIN_LENGTH: usize = 16;

/// Why a credential can be guessed from its fingerprint: it is a password of HTTP's `Basic` scheme, or short.
pub(super) fn guessable(credential: &Secret) -> Option<&'static str> {
    let value = credential.expose().trim();
    let scheme = value.split_whitespace().next().unwrap_or_default();
    if scheme.eq_ignore_ascii_case("basic") {
        Some("contains a password (Basic)")
    } else if value.chars().count() < MIN_LENGTH {
        Some("has fewer than 16 characters")
    } else {
        None
    }
}

/// A salted hash of a write-only value (PBKDF2 with HMAC-SHA-256) for the private state, as 50 characters of Base64. A
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
        let bytes = [
            [VERSION].as_slice(),
            &ROUNDS.get().to_be_bytes(),
            salt.as_slice(),
            &hash[..STORED],
        ]
        .concat();
        Some(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    #[cfg(test)]
    pub(super) fn with_rounds(secret: &Secret, rounds: u32) -> Self {
        let salt = [7; SALT];
        let hash = derive(&salt, NonZeroU32::new(rounds).unwrap(), secret);
        let bytes = [
            &[VERSION],
            rounds.to_be_bytes().as_slice(),
            &salt,
            &hash[..STORED],
        ]
        .concat();
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether this is the fingerprint of a secret. A damaged fingerprint matches no secret.
    pub(crate) fn is_of(&self, secret: &Secret) -> bool {
        let Some((rounds, salt, hash)) = self.parts() else {
            return false;
        };
        let expected = match derived() {
            Some(mut derived) => derived.hash(&salt, rounds, secret),
            None => derive(&salt, rounds, secret),
        };
        constant_time::verify_slices_are_equal(&expected[..STORED], &hash).is_ok()
    }

    /// Whether a new fingerprint has another number of rounds.
    pub(super) fn is_outdated(&self) -> bool {
        self.parts().is_none_or(|(rounds, ..)| rounds != ROUNDS)
    }

    /// The number of rounds, the salt and the hash. `None` if this is damaged.
    fn parts(&self) -> Option<(NonZeroU32, [u8; SALT], [u8; STORED])> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok()?;
        let (&[VERSION], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (rounds, rest) = rest.split_first_chunk()?;
        let (salt, hash) = rest.split_first_chunk()?;
        let rounds = NonZeroU32::new(u32::from_be_bytes(*rounds))?;
        (rounds.get() <= MAX_ROUNDS).then_some((rounds, *salt, hash.try_into().ok()?))
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
        assert_eq!(sound.len(), 50);
        let other_version =
            URL_SAFE_NO_PAD.encode([&[1], &URL_SAFE_NO_PAD.decode(&sound).unwrap()[1..]].concat());
        for damaged in ["", "not base64!", "AQ", &sound[..40], &other_version] {
            assert!(!Fingerprint(damaged.to_owned()).is_of(&secret("s")), "{damaged}");
        }
    }

    /// The number of rounds comes from the state, which can be forged: an unlimited one would block the process.
    #[test]
    fn fingerprint_is_compared_with_its_rounds_up_to_a_limit() {
        let s = secret("s");
        for (rounds, outdated) in [(1, true), (ROUNDS.get(), false), (2 * ROUNDS.get(), true)] {
            let fingerprint = Fingerprint::with_rounds(&s, rounds);
            assert!(
                fingerprint.is_of(&s) && !fingerprint.is_of(&secret("t")),
                "{rounds}"
            );
            assert_eq!(fingerprint.is_outdated(), outdated, "{rounds}");
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(Fingerprint::of(&s).unwrap().0).unwrap();
        for forged in [0, MAX_ROUNDS + 1, u32::MAX] {
            bytes[1..5].copy_from_slice(&forged.to_be_bytes());
            let forged = Fingerprint(URL_SAFE_NO_PAD.encode(&bytes));
            assert!(forged.parts().is_none() && !forged.is_of(&s));
        }
    }

    #[test]
    fn credential_is_guessable_if_basic_or_short() {
        for (value, expected) in [
            ("Basic dXNlcjpwYXNzd29yZHBhc3N3b3Jk", true),
            ("BASIC\tdXNlcjpwYXNzd29yZHBhc3N3b3Jk", true),
            ("Bearer 12345678", true),
            ("ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", true),
            ("Bearer 123456789", false),
            ("Basically-a-token", false),
        ] {
            assert_eq!(guessable(&secret(value)).is_some(), expected, "{value}");
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
