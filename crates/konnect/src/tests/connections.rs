//! Connections that fail, and connections that the client must not open.

use std::process::Command;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::api::v3;
use crate::tests::server::{Reply, Server, TOKEN, client, json};
use crate::tests::{eu, new_destination};
use crate::{AccessToken, Client, ClientOptions, ConnectFailure, ErrorKind, Outcome, ServerUrl};

/// A client for an HTTPS address that trusts no certificate.
fn client_without_trust(url: &str, proxy: Option<&str>) -> Client {
    let mut options = ClientOptions::new(AccessToken::parse(TOKEN).unwrap());
    options.server_url = ServerUrl::parse(url).unwrap();
    options.max_retries = 0;
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let http = match proxy {
        Some(proxy) => http.proxy(reqwest::Proxy::https(proxy).unwrap()),
        None => http,
    };
    Client::new(options).with_http(http.build().unwrap())
}

#[tokio::test]
async fn connection_untrusted_certificate_is_reported() {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let error = v3::create_destination(&client_without_trust(&url, None), &eu(), &new_destination())
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::UntrustedCertificate { .. }),
        "{error}"
    );
    assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 1));
    assert!(error.advice().contains("SSL_CERT_FILE"), "{error}");
}

#[tokio::test]
async fn connection_rejected_by_proxy_is_reported() {
    for status in [407, 502] {
        let proxy = Server::start([json(status, "{}")]).await;
        let client = client_without_trust("https://konnect.example", Some(&proxy.url));
        let error = v3::create_destination(&client, &eu(), &new_destination())
            .await
            .unwrap_err();
        let ErrorKind::Unreachable { connect_failure, .. } = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(
            (*connect_failure, error.outcome()),
            (ConnectFailure::Proxy, Outcome::NotSent),
            "{error}"
        );
        assert!(
            proxy.requests()[0]
                .line
                .starts_with("CONNECT konnect.example:443")
        );
        assert!(
            !proxy.requests()[0].head.contains(TOKEN),
            "the proxy must not receive the token"
        );
    }
}

#[tokio::test]
async fn connection_refused_is_reported() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let client = client(&url, |options| options.max_retries = 0);
    let error = v3::get_webhook(&client, &eu()).await.unwrap_err();
    let ErrorKind::Unreachable { connect_failure, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(*connect_failure, ConnectFailure::Refused, "{error}");
}

#[tokio::test]
async fn connection_without_http_is_lost() {
    let server = Server::start([Reply::Bytes(b"220 mail ready\r\n".to_vec())]).await;
    let client = client(&server.url, |options| options.max_retries = 0);
    let error = v3::get_webhook(&client, &eu()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::ConnectionLost { .. }),
        "{error}"
    );
}

/// Runs one of the ignored tests below in a separate process, because proxies and trust stores come from the
/// environment of the process.
async fn in_own_process(test: &str, environment: &[(&'static str, String)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", &format!("tests::connections::{test}")]);
    command
        .envs(environment.iter().cloned())
        .env("KONNECT_TEST_CHILD", "1");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && report.contains("1 passed"), "{report}");
}

fn is_child() -> bool {
    std::env::var_os("KONNECT_TEST_CHILD").is_some()
}

#[tokio::test]
async fn loopback_ignores_proxies() {
    let proxy = Server::start([]).await;
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let environment: Vec<_> = names.iter().map(|name| (*name, proxy.url.clone())).collect();
    in_own_process("loopback_with_a_proxy_set", &environment).await;
    assert_eq!(proxy.requests().len(), 0);
}

#[tokio::test]
#[ignore = "run in a process of its own by `loopback_ignores_proxies`"]
async fn loopback_with_a_proxy_set() {
    if !is_child() {
        return;
    }
    let server = Server::start([
        json(200, r#"{"enabled": true}"#),
        json(200, r#"{"enabled": true}"#),
    ])
    .await;
    assert!(v3::get_webhook(&server.client(), &eu()).await.unwrap().enabled);
    let by_name = client(&server.url.replace("127.0.0.1", "localhost"), |_| {});
    assert!(v3::get_webhook(&by_name, &eu()).await.unwrap().enabled);
}

#[tokio::test]
async fn missing_trusted_certificates_fail_https_only() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let environment = [
        ("SSL_CERT_FILE", empty.display().to_string()),
        ("SSL_CERT_DIR", folder.path().display().to_string()),
    ];
    in_own_process("no_trusted_certificates", &environment).await;
}

#[tokio::test]
#[ignore = "run in a process of its own by `missing_trusted_certificates_fail_https_only`"]
async fn no_trusted_certificates() {
    // Only on Linux, the system's trust store is a file that can be absent.
    if !is_child() || !cfg!(target_os = "linux") {
        return;
    }
    let https = client("https://{region}.api.konghq.com", |_| {});
    let error = v3::create_destination(&https, &eu(), &new_destination())
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Setup { .. }), "{error}");
    assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
    assert!(error.advice().contains("ca-certificates"), "{error}");
    let server = Server::start([json(200, r#"{"enabled": true}"#)]).await;
    assert!(v3::get_webhook(&server.client(), &eu()).await.is_ok());
}
