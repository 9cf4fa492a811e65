//! The start of the plugin: for a host, for a user, and failures.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::value::{Shape, error};
use terraform_plugin::testing::{Handshake, Host, Identity, Launch, plain, shut_down};

use crate::PLUGIN;

#[tokio::test]
async fn start_without_cookie_prints_plugin_notice() {
    let wrong = [
        "",
        "1",
        "D602BF8F470BC67CA7FAA0386276BBDD4330EFAF76D1A219CB4D6991CA9872B2",
    ];
    let wrong = wrong.map(|cookie| Launch::without_tls(PLUGIN).env("TF_PLUGIN_MAGIC_COOKIE", cookie));
    // Other variables of a host do not identify it.
    let none = Launch::without_tls(PLUGIN).without("TF_PLUGIN_MAGIC_COOKIE");
    for launch in wrong.into_iter().chain([none, Launch::without_host(PLUGIN)]) {
        let ended = launch.run().await;
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""));
        let said = ended.stderr;
        assert!(said.contains("this program is a plugin"), "{said}");
        assert!(said.contains("required_providers"), "{said}");
        assert_eq!(ended.left, [""; 0]);
    }
}

#[tokio::test]
async fn version_and_help_flags_accept_one_or_two_hyphens() {
    let version = concat!("terraform-provider-konnect ", env!("CARGO_PKG_VERSION"), "\n");
    for (flag, expected) in [
        ("--version", version),
        ("-version", version),
        ("--help", "TF_REATTACH_PROVIDERS"),
        ("-h", "TF_REATTACH_PROVIDERS"),
    ] {
        let ended = Launch::without_host(PLUGIN)
            .arg(flag)
            .run()
            .await
            .assert_success();
        assert!(ended.stdout.contains(expected), "{flag}: {}", ended.stdout);
        assert_eq!(ended.stderr, "", "{flag}");
    }
}

#[tokio::test]
async fn unknown_flag_errors_in_one_line() {
    for flag in ["--verbose", "debug-me", ""] {
        // Also with the cookie: hosts pass no flags.
        for launch in [Launch::without_host(PLUGIN), Launch::without_tls(PLUGIN)] {
            let ended = launch.arg(flag).run().await;
            assert_eq!(ended.status.code(), Some(2), "{ended:?}");
            assert_eq!(ended.stdout, "");
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
            assert!(ended.stderr.contains(&format!("{flag:?}")) && ended.stderr.contains("--help"));
        }
    }
}

#[tokio::test]
async fn handshake_line_contains_protocol_socket_and_certificate() {
    let host = Host::start(PLUGIN).await;
    let fields = &host.handshake.fields;
    assert_eq!(fields.len(), 6);
    assert_eq!(fields[..3], ["1", "6", "unix"]);
    assert_eq!(fields[4], "grpc");
    assert_eq!(host.socket().parent(), Some(host.process.folder()));
    assert!(!fields[5].contains('='), "Go's RawStdEncoding has no padding");
    assert_eq!(host.end().await.stdout, "", "nothing follows the line");
}

#[tokio::test]
async fn handshake_multiplex_field_follows_environment() {
    for (value, expected) in [(None, None), (Some(""), None), (Some("true"), Some("false"))] {
        let mut launch = Launch::without_tls(PLUGIN);
        if let Some(value) = value {
            launch = launch.env("PLUGIN_MULTIPLEX_GRPC", value);
        }
        let host = Host::launch(launch).await;
        let found = host.handshake.fields.get(6).map(String::as_str);
        assert_eq!(found, expected, "{value:?}");
        host.end().await;
    }
}

/// Verifies a server certificate as a client that trusts a single certificate.
fn verifies(
    certificate: &CertificateDer<'static>,
    trusted: &CertificateDer<'static>,
    name: &'static str,
) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .unwrap()
        .verify_server_cert(
            certificate,
            &[],
            &ServerName::try_from(name).unwrap(),
            &[],
            UnixTime::now(),
        )
        .map(drop)
}

#[tokio::test]
async fn server_certificate_is_self_signed_and_unique_per_start() {
    let (one, other) = (Host::start(PLUGIN).await, Host::start(PLUGIN).await);
    let certificate = one.handshake.certificate().unwrap();
    let fresh = other.handshake.certificate().unwrap();
    assert_ne!(certificate, fresh);
    // A chain of one certificate is valid only if it is self-signed.
    verifies(&certificate, &certificate, "localhost").unwrap();
    assert!(matches!(
        verifies(&certificate, &certificate, "example.com"),
        Err(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForNameContext { .. }
        ))
    ));
    assert!(verifies(&certificate, &fresh, "localhost").is_err());
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn socket_permissions_allow_owner_only() {
    let host = Host::start(PLUGIN).await;
    let socket = std::fs::symlink_metadata(host.socket()).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.mode() & 0o777, 0o600);
    assert_eq!(socket.uid(), nix::unistd::geteuid().as_raw());
    assert_eq!(host.process.files().len(), 1, "nothing but the socket is made");
    host.end().await;
}

#[tokio::test]
async fn socket_group_set_grants_group_access() {
    let group = nix::unistd::getegid().as_raw();
    let host =
        Host::launch(Launch::without_tls(PLUGIN).env("PLUGIN_UNIX_SOCKET_GROUP", group.to_string())).await;
    let socket = std::fs::symlink_metadata(host.socket()).unwrap();
    assert_eq!((socket.mode() & 0o777, socket.gid()), (0o660, group));
    host.end().await;

    let launch = Launch::without_tls(PLUGIN).without("PLUGIN_UNIX_SOCKET_DIR");
    let host = Host::launch(launch.env("PLUGIN_UNIX_SOCKET_GROUP", group.to_string())).await;
    let folder = std::fs::symlink_metadata(host.socket().parent().unwrap()).unwrap();
    assert_eq!((folder.mode() & 0o777, folder.gid()), (0o710, group));
    host.end().await;
}

#[tokio::test]
async fn shutdown_exits_cleanly_and_removes_socket() {
    let host = Host::start(PLUGIN).await;
    let socket = host.socket();
    assert!(socket.exists());
    let ended = host.end().await;
    assert!(!socket.exists());
    assert_eq!(ended.stderr, "", "nothing is logged unless asked for");
}

#[tokio::test]
async fn socket_directory_unset_uses_temporary_directory() {
    let mut process = Launch::without_tls(PLUGIN)
        .without("PLUGIN_UNIX_SOCKET_DIR")
        .start();
    let handshake = Handshake::parse(&process.line().await);
    let socket = handshake.socket();
    let folder = socket.parent().unwrap();
    assert_eq!(folder.parent(), Some(process.folder()));
    // The temporary folder may be shared: other users must not be able to access the socket.
    let (own, user) = (
        std::fs::symlink_metadata(folder).unwrap(),
        nix::unistd::geteuid().as_raw(),
    );
    assert_eq!((own.mode() & 0o777, own.uid()), (0o700, user));
    let file = std::fs::symlink_metadata(&socket).unwrap();
    assert_eq!((file.mode() & 0o777, file.uid()), (0o600, user));
    shut_down(&plain(&handshake.socket()).await).await.unwrap();
    process.ended().await.assert_success();
}

#[tokio::test]
async fn socket_directory_unusable_errors() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let long = tempfile::Builder::new()
        .prefix(&"x".repeat(120))
        .tempdir()
        .unwrap();
    // The superuser can write everywhere except where the system forbids it.
    let sealed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(sealed.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let is_superuser = std::fs::write(sealed.path().join("try"), "").is_ok();
    let sealed = if is_superuser {
        "/proc"
    } else {
        sealed.path().to_str().unwrap()
    };
    for (folder, expected) in [
        (sealed, "can be written to"),
        ("/no/such/folder", "folder that exists"),
        (file.path().to_str().unwrap(), "Not a directory"),
        (long.path().to_str().unwrap(), "short enough for a socket"),
    ] {
        let launch = Launch::without_tls(PLUGIN)
            .env("PLUGIN_UNIX_SOCKET_DIR", folder)
            .env("PLUGIN_CLIENT_CERT", &Identity::new().pem);
        let said = launch.run().await.refused_to_start();
        assert!(
            said.contains("cannot start") && said.contains(folder) && said.contains(expected),
            "{said}"
        );
    }
}

/// Providers in Go accept 90 characters. Beyond that, the socket is in `/tmp`.
#[tokio::test]
async fn temporary_directory_with_long_path_serves() {
    let short = tempfile::tempdir_in("/tmp").unwrap();
    for length in [78, 90, 91, 200] {
        let padding = length - short.path().as_os_str().len() - 1;
        let long = short.path().join("x".repeat(padding));
        std::fs::create_dir(&long).unwrap();
        let launch = Launch::without_tls(PLUGIN).without("PLUGIN_UNIX_SOCKET_DIR");
        let host = Host::launch(launch.env("TMPDIR", &long)).await;
        let folder = host.socket().parent().unwrap().to_owned();
        let parent = if length <= 90 {
            &long
        } else {
            std::path::Path::new("/tmp")
        };
        assert_eq!(folder.parent(), Some(parent), "{length}");
        assert_eq!(std::fs::symlink_metadata(&folder).unwrap().mode() & 0o777, 0o700);
        host.end().await;
        assert!(!folder.exists());
    }
}

#[tokio::test]
async fn client_certificate_or_group_invalid_errors() {
    let two = format!("{}{}", Identity::new().pem, Identity::new().pem);
    for (name, bad) in [
        ("PLUGIN_CLIENT_CERT", "certificate".as_bytes()),
        ("PLUGIN_CLIENT_CERT", b"-----BEGIN CERTIFICATE-----\nAAAA\n"),
        ("PLUGIN_CLIENT_CERT", two.as_bytes()),
        // If the variable counted as unset, the plugin would serve every client without TLS.
        ("PLUGIN_CLIENT_CERT", b"\xff\xfe"),
        ("PLUGIN_UNIX_SOCKET_GROUP", b"no-such-group"),
    ] {
        // The plugin also removes the folder of the socket, which it has made.
        let launch = Launch::without_tls(PLUGIN).without("PLUGIN_UNIX_SOCKET_DIR");
        let launch = launch.env(name, OsStr::from_bytes(bad));
        let said = launch.run().await.refused_to_start();
        assert!(said.contains(name), "{said}");
        assert!(
            name == "PLUGIN_CLIENT_CERT" || said.contains("no-such-group"),
            "{said}"
        );
    }
}

/// If the variable counted as unset, the token would be sent to another server.
#[tokio::test]
async fn provider_variable_not_utf8_errors() {
    for (name, bytes) in [
        ("KONNECT_SERVER_URL", &b"https://konnect\xff.example"[..]),
        ("KONNECT_TOKEN", b"kpat_\xff"),
        ("KONNECT_REGION", b"e\xff"),
    ] {
        let launch = Launch::without_tls(PLUGIN)
            .env("KONNECT_TOKEN", "kpat_start")
            .env(name, OsStr::from_bytes(bytes));
        let host = Host::launch(launch).await;
        let mut provider = host.provider();
        let schema = provider
            .get_provider_schema(tf::get_provider_schema::Request {})
            .await;
        let block = Shape::of(schema.unwrap().into_inner().provider.as_ref().unwrap());
        let request = tf::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config: block.encode(&block.object(&[])),
            client_capabilities: None,
        };
        let response = provider.configure_provider(request).await.unwrap().into_inner();
        assert!(
            error(&response.diagnostics).contains(name),
            "{:?}",
            response.diagnostics
        );
        host.end().await;
    }
}
