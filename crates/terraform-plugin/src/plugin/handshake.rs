//! The handshake between host and plugin before the first call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde_json::json;

use crate::plugin::transport::{ListenOptions, Listener};

/// The environment variable and value that identify a host.
const MAGIC_COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
/// The version of go-plugin's core protocol.
const CORE_PROTOCOL: u8 = 1;
/// The major version of Terraform's plugin protocol. A host that does not support it reports that to the user.
pub const PROTOCOL: u8 = 6;

/// The settings that the host passes in the environment.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// The certificate of the host in PEM. `None` without TLS.
    pub client_certificate: Option<String>,
    /// Where to listen.
    pub options: ListenOptions,
    /// Whether the host accepts the seventh field of the handshake line.
    pub multiplex_field: bool,
}

impl Host {
    /// Reads the environment. Returns `None` if no host started the process.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if variable(MAGIC_COOKIE.0).as_deref() != Some(MAGIC_COOKIE.1) {
            return None;
        }
        let set = |name: &str| variable(name).filter(|v| !v.is_empty());
        let port = |name: &str| set(name).and_then(|v| v.parse::<u16>().ok());
        Some(Self {
            client_certificate: set("PLUGIN_CLIENT_CERT"),
            options: ListenOptions {
                socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(Into::into),
                socket_group: set("PLUGIN_UNIX_SOCKET_GROUP"),
                ports: port("PLUGIN_MIN_PORT").zip(port("PLUGIN_MAX_PORT")),
            },
            multiplex_field: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }
}

/// The line on stdout with the address and the certificate of the plugin.
pub fn line(listener: &Listener, certificate: Option<&CertificateDer<'_>>, host: &Host) -> String {
    let certificate = certificate
        .map(|der| STANDARD_NO_PAD.encode(der))
        .unwrap_or_default();
    let (network, address) = (listener.network(), listener.address());
    // Only hosts that know the field accept it. The plugin does not support multiplexing.
    let multiplex = if host.multiplex_field { "|false" } else { "" };
    format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplex}")
}

/// The value of `TF_REATTACH_PROVIDERS` with which Terraform connects to this process instead of starting one.
pub fn reattach(provider_address: &str, listener: &Listener) -> String {
    json!({
        provider_address: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": {"Network": listener.network(), "String": listener.address()},
        }
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(set: &[(&str, &str)]) -> Option<Host> {
        Host::from_environment(|name| set.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn from_environment_without_cookie_returns_none() {
        assert!(host(&[]).is_none());
        assert!(host(&[(MAGIC_COOKIE.0, "other")]).is_none());
        let host = host(&[MAGIC_COOKIE, ("PLUGIN_MIN_PORT", "10"), ("PLUGIN_MAX_PORT", "20")]).unwrap();
        assert_eq!(host.options.ports, Some((10, 20)));
        assert!(host.client_certificate.is_none() && !host.multiplex_field);
    }
}
