//! The secrets of the generated configurations, and the search for them.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use terraform_plugin::Value;

/// The secrets in configurations. One has no hash in the state: two of them could not be distinguished.
pub const SECRETS: [&str; 4] = [
    "Splunk 5e3cr3t-0ne-p4Q",
    "Bearer 5e3cr3t-tw0-Zz9",
    "5e3cr3t-thr33-?>~",
    "Basic NWUzY3IzdDpmMHVy",
];
pub const OTHER_USERS_SECRET: &str = "Splunk 5e3cr3t-of-a-stranger";

/// The encodings of secrets to search for.
static TRACES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let all = SECRETS.iter().chain([&OTHER_USERS_SECRET]);
    all.flat_map(|secret| traces(secret.split(' ').next_back().unwrap()))
        .collect()
});

fn traces(secret: &str) -> Vec<Vec<u8>> {
    let mut traces = vec![
        secret.as_bytes().to_vec(),
        secret.chars().rev().collect::<String>().into_bytes(),
        secret
            .bytes()
            .flat_map(|b| format!("{b:02x}").into_bytes())
            .collect(),
        secret
            .bytes()
            .flat_map(|b| format!("{b:02X}").into_bytes())
            .collect(),
    ];
    // The base64 encoding depends on the position of a text, and at its ends on the neighboring bytes.
    for before in 0..3 {
        let placed = [&vec![0; before], secret.as_bytes()].concat();
        for encoded in [STANDARD_NO_PAD.encode(&placed), URL_SAFE_NO_PAD.encode(&placed)] {
            traces.push(encoded.as_bytes()[4..encoded.len() - 2].to_vec());
        }
    }
    traces
}

/// Asserts that these bytes contain no secret.
#[track_caller]
pub fn absent(bytes: &[u8], what: &str) {
    for trace in TRACES.iter() {
        let found = bytes.windows(trace.len()).any(|window| window == trace);
        assert!(!found, "{what} shows a secret");
    }
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
