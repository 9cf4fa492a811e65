//! What host and plugin say to each other before the first call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde_json::json;

use crate::plugin::transport::{ListenOptions, Listener};

/// The environment variable and value by which a plugin knows that a host started it.
const MAGIC_COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
/// go-plugin's core protocol.
const CORE_PROTOCOL: u8 = 1;
/// The major version of Terraform's plugin protocol that is served. A host that does not know it
/// says so to the user by itself.
pub const PROTOCOL: u8 = 6;

/// What the host put into the environment.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// The host's certificate, in PEM. None without TLS.
    pub client_certificate: Option<String>,
    /// Where to listen.
    pub place: ListenOptions,
    /// Whether the host knows the seventh field of the handshake line.
    pub multiplex_field: bool,
}

impl Host {
    /// Reads the environment. `None` if no host started this process, but a person.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if variable(MAGIC_COOKIE.0).as_deref() != Some(MAGIC_COOKIE.1) {
            return None;
        }
        let set = |name: &str| variable(name).filter(|v| !v.is_empty());
        let port = |name: &str| set(name).and_then(|v| v.parse::<u16>().ok());
        Some(Self {
            client_certificate: set("PLUGIN_CLIENT_CERT"),
            place: ListenOptions {
                socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(Into::into),
                socket_group: set("PLUGIN_UNIX_SOCKET_GROUP"),
                ports: port("PLUGIN_MIN_PORT").zip(port("PLUGIN_MAX_PORT")),
            },
            multiplex_field: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }
}

/// The one line on stdout that tells the host where to connect and whom to trust.
#[must_use]
pub fn line(listener: &Listener, certificate: Option<&CertificateDer<'_>>, host: &Host) -> String {
    let certificate = certificate
        .map(|der| STANDARD_NO_PAD.encode(der))
        .unwrap_or_default();
    let (network, address) = (listener.network(), listener.address());
    // Only hosts that know of it may be sent the field; multiplexing itself is not offered.
    let multiplex = if host.multiplex_field { "|false" } else { "" };
    format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplex}")
}

/// The value of `TF_REATTACH_PROVIDERS` with which Terraform connects to this process instead of
/// starting one.
#[must_use]
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

/// A shell, as far as the setting of a variable differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// sh, bash, zsh and their like.
    Posix,
    /// fish.
    Fish,
    /// PowerShell.
    Power,
    /// The command prompt of Windows.
    Cmd,
}

impl Shell {
    /// The shell that the user most likely types into.
    pub fn at_hand(variable: impl Fn(&str) -> Option<String>) -> Self {
        let shell = variable("SHELL").unwrap_or_default();
        if shell.ends_with("fish") {
            Self::Fish
        } else if !cfg!(windows) || !shell.is_empty() {
            Self::Posix
        } else if variable("PSModulePath").is_some_and(|v| v.to_lowercase().contains("\\users\\")) {
            // The command prompt has the variable too, but only with the system's folders.
            Self::Power
        } else {
            Self::Cmd
        }
    }

    /// The command that sets a variable for the session. The value holds no single quotes.
    #[must_use]
    pub fn set(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}='{value}'"),
            Self::Fish => format!("set -gx {name} '{value}'"),
            Self::Power => format!("$env:{name} = '{value}'"),
            Self::Cmd => format!("set \"{name}={value}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(set: &[(&str, &str)]) -> Option<Host> {
        Host::from_environment(|name| set.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn without_the_cookie_nobody_but_a_person_started_us() {
        assert!(host(&[]).is_none());
        assert!(host(&[(MAGIC_COOKIE.0, "other")]).is_none());
        let host = host(&[MAGIC_COOKIE, ("PLUGIN_MIN_PORT", "10"), ("PLUGIN_MAX_PORT", "20")]).unwrap();
        assert_eq!(host.place.ports, Some((10, 20)));
        assert!(host.client_certificate.is_none() && !host.multiplex_field);
    }

    #[tokio::test]
    async fn the_line_has_its_fields_in_order() {
        let listener = Listener::bind_tcp(None).unwrap();
        let certificate = CertificateDer::from(vec![0xff]);
        let plain = line(&listener, Some(&certificate), &Host::default());
        assert_eq!(plain, format!("1|6|tcp|{}|grpc|/w", listener.address()));
        let newer = Host {
            multiplex_field: true,
            ..Host::default()
        };
        assert_eq!(
            line(&listener, None, &newer),
            format!("1|6|tcp|{}|grpc||false", listener.address())
        );
    }

    #[tokio::test]
    async fn reattach_is_what_the_host_parses() {
        let listener = Listener::bind_tcp(None).unwrap();
        let value: serde_json::Value = serde_json::from_str(&reattach("a/b", &listener)).unwrap();
        assert_eq!(value["a/b"]["Addr"]["String"], listener.address());
        assert_eq!(value["a/b"]["ProtocolVersion"], 6);
    }

    #[test]
    fn each_shell_sets_variables_its_own_way() {
        let fish = Shell::at_hand(|name| (name == "SHELL").then(|| "/usr/bin/fish".to_owned()));
        assert_eq!(fish.set("A", "{}"), "set -gx A '{}'");
        assert_eq!(Shell::Posix.set("A", "{}"), "export A='{}'");
        assert_eq!(Shell::Power.set("A", "{}"), "$env:A = '{}'");
        assert_eq!(Shell::Cmd.set("A", "{}"), "set \"A={}\"");
    }
}
