//! Only the host that started the plugin can connect.

use terraform_plugin::testing::{Channel, Host, Identity, Tls, check, shut_down, unix, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::PLUGIN;

const VERSIONS: [&rustls::SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

/// Asserts that the plugin rejects a client with this certificate, and does not end.
async fn refused(host: &Host, tls: Tls, identity: Option<&Identity>) {
    if let Ok(stranger) = tls.connect(&host.socket(), identity).await {
        assert!(check(&stranger).await.is_err());
        assert!(shut_down(&stranger).await.is_err());
    }
    // Fails if `Shutdown` of the other client was handled.
    host.assert_responds().await;
}

/// The same, with both versions of TLS.
async fn refused_in_all_versions(host: &Host, identity: Option<&Identity>) {
    for version in VERSIONS {
        refused(host, host.tls().only(version), identity).await;
    }
}

#[tokio::test]
async fn tls_1_2_and_1_3_serve_host() {
    let host = Host::start(PLUGIN).await;
    for version in VERSIONS {
        let tls = host.tls().only(version);
        let channel: Channel = tls.connect(&host.socket(), Some(&host.identity)).await.unwrap();
        assert_eq!(check(&channel).await.unwrap(), 1);
    }
    host.end().await;
}

#[tokio::test]
async fn client_without_certificate_is_refused() {
    let host = Host::start(PLUGIN).await;
    refused_in_all_versions(&host, None).await;
    host.end().await;
}

#[tokio::test]
async fn client_with_other_certificate_is_refused() {
    let host = Host::start(PLUGIN).await;
    // The certificate is not secret: it is in the environment of the process.
    let thief = host.identity.with_key_of(&Identity::new());
    for other in [Identity::new(), thief, host.identity.issue()] {
        refused_in_all_versions(&host, Some(&other)).await;
    }
    host.end().await;
}

/// Writes raw bytes to the socket. Returns the received bytes until the plugin disconnects.
async fn send_raw(host: &Host, bytes: &[u8]) -> Vec<u8> {
    let mut stream = unix(&host.socket()).await;
    // The plugin may disconnect before all bytes are written.
    let _ = stream.write_all(bytes).await;
    let mut response = Vec::new();
    let _ = within("the plugin hanging up", stream.read_to_end(&mut response)).await;
    response
}

#[tokio::test]
async fn non_tls_bytes_are_refused_without_side_effects() {
    let host = Host::start(PLUGIN).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let garbage: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for bytes in [
        &preface[..],
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        &garbage,
        &[0; 4096],
    ] {
        let response = send_raw(&host, bytes).await;
        // At most a TLS alert.
        assert!(response.is_empty() || response[0] == ALERT, "{response:?}");
        host.assert_responds().await;
    }
    host.end().await;
}

/// The types of TLS records that a server begins with.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// A TLS `ClientHello` of this version with two cipher suites, without extensions.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend([7; 32]); // random
    hello.push(0); // no session
    hello.extend([0, 4, 0xc0, 0x09, 0xc0, 0x2b]); // ECDHE-ECDSA with AES-128, CBC and GCM
    hello.extend([1, 0]); // no compression
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![HANDSHAKE, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}

#[tokio::test]
async fn tls_below_1_2_is_refused() {
    let host = Host::start(PLUGIN).await;
    for old in [[3, 0], [3, 1], [3, 2]] {
        let response = send_raw(&host, &client_hello(old)).await;
        assert_eq!(response.first(), Some(&ALERT), "{response:?}");
        host.assert_responds().await;
    }
    host.end().await;
}

#[tokio::test]
async fn idle_connections_do_not_block_host() {
    let host = Host::start(PLUGIN).await;
    let mut idle: Vec<UnixStream> = Vec::new();
    for i in 0..500 {
        let mut stream = unix(&host.socket()).await;
        if i % 2 == 0 {
            // An incomplete `ClientHello`.
            stream.write_all(&client_hello([3, 3])[..20]).await.unwrap();
        }
        idle.push(stream);
    }
    host.assert_responds().await;
    let again = host
        .tls()
        .connect(&host.socket(), Some(&host.identity))
        .await
        .unwrap();
    check(&again).await.unwrap();
    assert_eq!(idle.len(), 500);
    host.end().await;
}

/// A plugin waits for its host, even if other clients connect before.
#[tokio::test]
async fn untrusted_client_before_host_is_not_taken_as_host() {
    let identity = Identity::new();
    let mut process = terraform_plugin::testing::Launch::without_tls(PLUGIN)
        .env("PLUGIN_CLIENT_CERT", &identity.pem)
        .env("TF_LOG", "warn")
        .start();
    let handshake = terraform_plugin::testing::Handshake::parse(&process.line().await);
    let tls = || Tls::trusting(&handshake.certificate().unwrap());
    if let Ok(stranger) = tls().connect(&handshake.socket(), None).await {
        assert!(check(&stranger).await.is_err());
    }
    process.wait_for_stderr("refused").await;
    let channel = tls().connect(&handshake.socket(), Some(&identity)).await.unwrap();
    check(&channel).await.unwrap();
    shut_down(&channel).await.unwrap();
    process.ended().await.assert_success();
}
