use std::time::Duration;

use konnect_audit_receiver::{Options, Receiver, Tls};
use tokio::net::TcpStream;

use super::{CEF, start, status};

fn trusting(pem: &str) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([authority]);
    builder.build().unwrap()
}

#[tokio::test]
async fn https_with_written_authority_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let (receiver, _) = start(|options| options.tls = Tls::SelfMade { ca: Some(ca.clone()) }).await;
    let pem = std::fs::read_to_string(&ca).unwrap();
    assert_eq!(receiver.authority(), Some(pem.as_str()));
    assert!(!pem.contains("PRIVATE"));
    assert!(receiver.url().starts_with("https://127.0.0.1:"));
    let client = trusting(&pem);
    let port = receiver.address().port();
    for url in [receiver.url(), &format!("https://localhost:{port}")] {
        assert_eq!(status(client.post(url).body(CEF)).await, 202, "{url}");
    }
    // A sender that trusts another authority cannot connect, and a silent sender does not block others.
    let (other, _) = start(|options| options.tls = Tls::SelfMade { ca: None }).await;
    let distrusting = trusting(other.authority().unwrap());
    assert!(distrusting.post(receiver.url()).body(CEF).send().await.is_err());
    let _silent = TcpStream::connect(receiver.address()).await.unwrap();
    assert_eq!(status(client.post(receiver.url()).body(CEF)).await, 202);
    let stopped = tokio::time::timeout(Duration::from_secs(5), receiver.stop())
        .await
        .unwrap();
    assert_eq!(stopped.events, 3);
}

#[tokio::test]
async fn https_with_own_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let receiver = || {
        let (cert, key) = (cert.clone(), key.clone());
        let mut options = Options::new("localhost:0");
        options.tls = Tls::Files { cert, key };
        Receiver::start(options)
    };
    let trusted = receiver().await.unwrap();
    assert_eq!(trusted.authority(), None);
    let client = trusting(&made.cert.pem());
    assert_eq!(status(client.post(trusted.url()).body(CEF)).await, 202);

    std::fs::write(&key, "not a key").unwrap();
    let error = receiver().await.unwrap_err().to_string();
    assert!(error.contains("key.pem: "), "{error}");
}
