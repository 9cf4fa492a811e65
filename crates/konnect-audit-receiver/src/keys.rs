//! The keys of `--jwks`: a document in a file or at a URL.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use konnect_event::{InvalidKeySet, KeySet};
use reqwest::StatusCode;
use url::{Host, Url};

use crate::options::invalid;

const TIMEOUT: Duration = Duration::from_secs(15);

const MAX_BYTES: usize = 1024 * 1024;

/// Reads a JWKS document from a URL if the text begins with `https://` or `http://`, or from a file.
///
/// HTTP is accepted for loopback addresses only. Redirects are not followed.
///
/// # Errors
/// When the document cannot be read or fetched, or has no usable key.
pub async fn load_keys(source: &str) -> io::Result<KeySet> {
    let text = if source.starts_with("https://") || source.starts_with("http://") {
        fetch(source).await.map_err(invalid)?
    } else {
        std::fs::read_to_string(source)
            .map_err(|error| io::Error::new(error.kind(), format!("{source}: {error}")))?
    };
    KeySet::from_json(&text).map_err(invalid)
}

async fn fetch(url: &str) -> Result<String, String> {
    let url = Url::parse(url).map_err(|error| format!("the URL of the key set is malformed: {error}"))?;
    let mut builder = reqwest::Client::builder();
    if url.scheme() != "https" {
        if !is_loopback(&url) {
            let why = "the key set is fetched over HTTPS only, or over HTTP from a loopback address";
            return Err(why.to_owned());
        }
        // No proxy and no certificates: the request stays on this machine.
        builder = builder.no_proxy().tls_certs_only([]);
    }
    let client = builder
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| failed(&error))?;
    let mut response = client.get(url).send().await.map_err(|error| failed(&error))?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(format!(
            "the server of the key set answered {status}; redirects are not followed"
        ));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(InvalidKeySet::TooLarge(bytes.len()).to_string());
        }
    }
    String::from_utf8(bytes).map_err(|_| InvalidKeySet::NotJwks.to_string())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An error with its causes. The last one is the most specific.
fn failed(error: &reqwest::Error) -> String {
    let mut text = format!("the key set cannot be fetched: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
