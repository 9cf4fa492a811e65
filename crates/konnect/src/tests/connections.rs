//! Connections that fail, and connections that the client must not open.

use std::process::Command;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::calls::v3;
use crate::tests::server::{Reply, Server, TOKEN, client, json};
use crate::tests::{eu, new_destination};
use crate::{
    AccessToken, CaCertificates, Client, ClientOptions, ConnectFailure, ErrorKind, Outcome, ServerUrl,
};

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
    Client::new(options).unwrap().with_http(http.build().unwrap())
}

/// A listener, and the certificate for `localhost` with which the acceptor serves HTTPS.
async fn tls_server() -> (TcpListener, String, TlsAcceptor) {
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
    (listener, signed.cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn connection_untrusted_certificate_is_reported() {
    let (listener, _, acceptor) = tls_server().await;
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
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
    assert_eq!(
        error.summary(),
        "The server's certificate is not trusted: its issuer is unknown (POST /v3/audit-log-destinations)"
    );
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
            error
                .summary()
                .starts_with("The proxy did not open a connection: "),
            "{error}"
        );
        assert!(!error.to_string().contains("client error (Connect)"), "{error}");
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
    assert_eq!(error.summary(), "Connection refused (GET /v3/audit-log-webhook)");
    assert!(!error.to_string().contains("os error"), "{error}");
    assert!(error.detail().starts_with("Request: GET"), "{}", error.detail());
}

#[tokio::test]
async fn connection_to_an_unknown_host_is_reported() {
    let client = client_without_trust("https://konnect.invalid", None);
    let error = v3::get_webhook(&client, &eu()).await.unwrap_err();
    assert_eq!(error.summary(), "Host name not found (GET /v3/audit-log-webhook)");
}

#[tokio::test]
async fn connection_to_a_server_without_tls_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = v3::get_webhook(&client_without_trust(&url, None), &eu())
        .await
        .unwrap_err();
    assert!(error.summary().contains("does not speak HTTPS"), "{error}");
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

/// Runs one of the tests below in a separate process, because proxies and trust stores come from the environment of the
/// process. In the process of all tests, it does nothing.
async fn in_own_process(test: &str, environment: &[(&'static str, String)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("tests::connections::{test}")]);
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
async fn proxy_that_cannot_be_used_is_an_error_of_the_client() {
    let environment = [("HTTPS_PROXY", "socks5://127.0.0.1:1080".to_owned())];
    in_own_process("unusable_proxy", &environment).await;
}

#[tokio::test]
async fn unusable_proxy() {
    if !is_child() {
        return;
    }
    let error = Client::new(ClientOptions::new(AccessToken::parse(TOKEN).unwrap())).unwrap_err();
    assert!(error.to_string().contains("HTTPS_PROXY"), "{error}");
    let server = Server::start([json(200, r#"{"enabled": true}"#)]).await;
    assert!(v3::get_webhook(&server.client(), &eu()).await.is_ok());
}

/// A proxy with HTTPS, whose certificate the client trusts, receives the request to open a connection.
#[tokio::test]
async fn proxy_with_https_and_ca_certificates_are_used() {
    let (listener, certificate, acceptor) = tls_server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    let environment = [
        (
            "HTTPS_PROXY",
            format!("https://localhost:{}", listener.local_addr().unwrap().port()),
        ),
        ("NO_PROXY", String::new()),
        ("KONNECT_TEST_CA", file.display().to_string()),
    ];
    let connect = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut start = [0; 27];
        stream.read_exact(&mut start).await.unwrap();
        String::from_utf8_lossy(&start).into_owned()
    });
    in_own_process("https_proxy", &environment).await;
    assert_eq!(connect.await.unwrap(), "CONNECT konnect.example:443");
}

#[tokio::test]
async fn https_proxy() {
    let Some(file) = std::env::var_os("KONNECT_TEST_CA").filter(|_| is_child()) else {
        return;
    };
    let client = client("https://konnect.example", |options| {
        options.ca_certificates = Some(CaCertificates::from_pem_file(file.as_ref()).unwrap());
        options.max_retries = 0;
    });
    let error = v3::get_webhook(&client, &eu()).await.unwrap_err();
    assert!(error.summary().contains("proxy"), "{error}");
}

#[tokio::test]
async fn missing_trusted_certificates_fail_https_only() {
    // Only on Linux, the system's trust store is a file that can be absent.
    if !cfg!(target_os = "linux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for text in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let environment = [
            ("SSL_CERT_FILE", file.display().to_string()),
            ("SSL_CERT_DIR", folder.path().display().to_string()),
        ];
        in_own_process("no_trusted_certificates", &environment).await;
    }
}

#[tokio::test]
async fn no_trusted_certificates() {
    if !is_child() {
        return;
    }
    let options = ClientOptions::new(AccessToken::parse(TOKEN).unwrap());
    match Client::new(options) {
        Err(error) => assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}"),
        // The file contains something else in PEM format.
        Ok(client) => {
            let error = v3::create_destination(&client, &eu(), &new_destination())
                .await
                .unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Setup { .. }), "{error}");
            assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
            assert!(error.advice().contains("ca-certificates"), "{error}");
        }
    }
    let server = Server::start([json(200, r#"{"enabled": true}"#)]).await;
    assert!(v3::get_webhook(&server.client(), &eu()).await.is_ok());
}
