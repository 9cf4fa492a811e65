//! Entry points for a fuzzer of the environment of a plugin.

use std::collections::HashMap;

use crate::plugin::handshake::Host;
use crate::plugin::log;
use crate::plugin::tls::server_tls;

/// `PLUGIN_CLIENT_CERT`.
pub fn certificate(data: &[u8]) {
    let _ = server_tls(&String::from_utf8_lossy(data));
}

/// The environment, one variable per line.
pub fn handshake(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let set: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let variable = |name: &str| set.get(name).map(|value| (*value).to_owned());
    let _ = log::level("example", variable);
    if let Some(host) = Host::from_environment(variable) {
        let certificate = host.client_certificate.as_deref().map(server_tls);
        drop(certificate);
    }
}
