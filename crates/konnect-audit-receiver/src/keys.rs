//! The keys of `--jwks`: a document in a file or at a URL.

use std::io;
use std::time::Duration;

use konnect_event::{InvalidKeySet, KeySet};
use reqwest::StatusCode;
use url::{Host, Url};

/// The timeout for the request of the document.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The maximum size of a fetched document.
const MAX_BYTES: usize = 1024 * 1024;

/// The reason why the keys cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file that cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The path of the file.
        path: String,
        /// The error of the system.
        error: io::Error,
    },
    /// A malformed URL.
    #[error("the URL of the key set is malformed: {0}")]
    Url(#[from] url::ParseError),
    /// A URL without TLS, whose response could be replaced in transit.
    #[error("the key set is fetched over HTTPS only, or over HTTP from a loopback address")]
    Insecure,
    /// A server that does not respond.
    #[error("the key set cannot be fetched: {0}")]
    Fetch(String),
    /// A status other than 200.
    #[error("the server of the key set answered {0}; redirects are not followed")]
    Status(StatusCode),
    /// A document without usable keys.
    #[error(transparent)]
    KeySet(#[from] InvalidKeySet),
}

/// Reads a JWKS document from a URL if the text begins with `https://` or `http://`, or from a file.
///
/// HTTP is accepted for loopback addresses only. Redirects are not followed.
///
/// # Errors
/// When the document cannot be read or fetched, or has no usable key.
pub async fn load_keys(source: &str) -> Result<KeySet, KeysError> {
    let text = if source.starts_with("https://") || source.starts_with("http://") {
        fetch(Url::parse(source)?).await?
    } else {
        std::fs::read_to_string(source).map_err(|error| KeysError::File {
            path: source.to_owned(),
            error,
        })?
    };
    Ok(KeySet::from_json(&text)?)
}

async fn fetch(url: Url) -> Result<String, KeysError> {
    let mut builder = reqwest::Client::builder();
    if url.scheme() != "https" {
        if !is_loopback(&url) {
            return Err(KeysError::Insecure);
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
    if response.status() != StatusCode::OK {
        return Err(KeysError::Status(response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(InvalidKeySet::TooLarge(bytes.len()).into());
        }
    }
    String::from_utf8(bytes).map_err(|_| InvalidKeySet::NotJwks.into())
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
fn failed(error: &dyn std::error::Error) -> KeysError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    KeysError::Fetch(text)
}
