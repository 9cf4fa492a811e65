//! The secrets of the generated configurations.

use terraform_plugin::Value;

use super::search::assert_no_secret;

/// The secrets in configurations. One has no hash in the state: two of them could not be distinguished.
pub const SECRETS: [&str; 4] = [
    "Splunk 5e3cr3t-0ne-p4Q",
    "Bearer 5e3cr3t-tw0-Zz9",
    "5e3cr3t-thr33-?>~",
    "Basic NWUzY3IzdDpmMHVy",
];
pub const OTHER_USERS_SECRET: &str = "Splunk 5e3cr3t-of-a-stranger";

/// Asserts that these bytes contain no secret.
#[track_caller]
pub fn absent(bytes: &[u8], what: &str) {
    let text = String::from_utf8_lossy(bytes);
    assert_no_secret(&text, what, &SECRETS);
    assert_no_secret(&text, what, &[OTHER_USERS_SECRET]);
}

/// Asserts that only the attribute `authorization` contains a secret.
#[track_caller]
pub fn only_in_authorization(value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if let (Some(text), true) = (value.as_str(), name != "authorization") {
            absent(text.as_bytes(), name);
        }
    }
}
