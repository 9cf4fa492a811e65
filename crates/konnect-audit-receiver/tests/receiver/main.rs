//! Tests of the receiver over HTTP and HTTPS, in-process and as a program.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

mod command;
mod events;
mod hostile;
mod https;
mod responses;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use konnect_audit_receiver::{Options, Receiver};
use konnect_event::KeySet;

/// An event of each format, without a signature.
const CEF: &str = "2026-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|1|rt=1 \
                   action=list granted=true principal_id=somebody user_agent=grpc node";
const JSON: &str = r#"{"act":"POST","event_ts":"2026-06-18T21:02:36Z","name":"Ingress","request":"/v3/x","severity":10,"status":500}"#;
const CPS: &str = r#"{"event":{"event_class_id":"AUTHENTICATION_TYPE_PAT","name":"AUTHENTICATION_OUTCOME_LOCKED","severity":6}}"#;

/// The signing key.
fn key_pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// The JWKS document of the key.
fn jwks() -> String {
    let x = URL_SAFE_NO_PAD.encode(key_pair().public_key().as_ref());
    format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"k","x":"{x}"}}]}}"#)
}

fn keys() -> KeySet {
    KeySet::from_json(&jwks()).unwrap()
}

/// The line with its signature.
fn signed(line: &str) -> String {
    let sign = |text: &str| URL_SAFE_NO_PAD.encode(key_pair().sign(text.as_bytes()));
    if let Some(inner) = line.strip_prefix(r#"{"event":"#) {
        let inner = inner.strip_suffix('}').unwrap();
        format!(r#"{{"event":{}}}"#, signed(inner))
    } else if let Some(object) = line.strip_suffix('}') {
        format!(r#"{object},"sig":"{}"}}"#, sign(line))
    } else {
        format!("{line} sig={}", sign(line))
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Output that can be read while it is written.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A receiver on a free port, and its output.
async fn start(change: impl FnOnce(&mut Options)) -> (Receiver, Screen) {
    let screen = Screen::default();
    let mut options = Options::new("127.0.0.1:0");
    options.display = Box::new(screen.clone());
    change(&mut options);
    (Receiver::start(options).await.unwrap(), screen)
}

/// A client without proxy and certificates.
fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    client.build().unwrap()
}

/// A delivery to this URL, as Konnect sends it.
fn delivery(url: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    let request = client().post(format!("{url}/any/path?at=all"));
    request.header("Content-Type", "text/plain").body(body)
}

/// Sends a request, and returns the status code of the response.
async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}
