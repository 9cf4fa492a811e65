//! The proxies and certificates that the environment specifies.
//!
//! The HTTP library ignores what it cannot use: a request would then leave without its proxy, or trust nothing. Therefore
//! these values are checked before the first request.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use crate::http::connection_error::without_code;
use crate::types::invalid::InvalidValue;
use crate::types::region::Region;
use crate::types::server_url::ServerUrl;

/// Whether `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's certificates. Other systems have no such variables.
const READS_CERTIFICATE_VARIABLES: bool = cfg!(all(
    unix,
    not(target_vendor = "apple"),
    not(target_os = "android")
));

const NO_CERTIFICATE: &str = "there is no certificate in PEM format";

/// Trusted certificate authorities, in addition to those of the system.
#[derive(Debug, Clone)]
pub struct CaCertificates(Vec<CertificateDer<'static>>);

impl CaCertificates {
    /// Parses certificates in PEM format. Other objects in the text are ignored.
    ///
    /// # Errors
    /// When there is no certificate, or one of them is not a certificate authority that can be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidValue> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.unwrap_or_default();
        if certificates.is_empty() {
            return Err(InvalidValue::new(NO_CERTIFICATE));
        }
        let mut store = RootCertStore::empty();
        for (number, certificate) in (1..).zip(&certificates) {
            store.add(certificate.clone()).map_err(|_| {
                InvalidValue::new(format!("certificate {number} is not a valid X.509 certificate"))
            })?;
        }
        Ok(Self(certificates))
    }

    /// Reads certificates from a file in PEM format.
    ///
    /// # Errors
    /// As [`CaCertificates::from_pem`], and when the file cannot be read. The error names the file.
    pub fn from_pem_file(path: &Path) -> Result<Self, InvalidValue> {
        let file = path.display();
        let pem = std::fs::read(path).map_err(|error| {
            let reason = without_code(&error.to_string());
            InvalidValue::new(format!("the file {file} cannot be read: {reason}"))
        })?;
        Self::from_pem(&pem)
            .map_err(|error| InvalidValue::new(format!("the file {file} is not usable: {error}")))
    }

    pub(crate) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Checks the variables that requests to this server use.
pub(crate) fn check(server_url: &ServerUrl) -> Result<(), InvalidValue> {
    if !server_url.is_loopback() {
        check_proxy(server_url, |name| env::var_os(name))?;
    }
    if READS_CERTIFICATE_VARIABLES && !server_url.is_plain_http() {
        check_certificates(|name| env::var_os(name))?;
    }
    Ok(())
}

/// Checks the proxy for HTTPS, if the server is not in `NO_PROXY`. The HTTP library reads the variables in this order.
fn check_proxy(
    server_url: &ServerUrl,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(), InvalidValue> {
    let first = |names: [&'static str; 2]| {
        names
            .into_iter()
            .find_map(|name| variable(name).map(|value| (name, value)))
            .filter(|(_, value)| !value.is_empty())
    };
    let proxy = first(["HTTPS_PROXY", "https_proxy"]).or_else(|| first(["ALL_PROXY", "all_proxy"]));
    let Some((name, value)) = proxy.filter(|_| variable("REQUEST_METHOD").is_none()) else {
        return Ok(());
    };
    let region = server_url.fixed_region().unwrap_or_else(Region::global);
    let server = server_url.base(&region).ok();
    let Some(server) = server.and_then(|url| url.as_str().parse::<Uri>().ok()) else {
        return Ok(());
    };
    let exceptions = variable("NO_PROXY").or_else(|| variable("no_proxy"));
    let exceptions = exceptions
        .and_then(|value| value.into_string().ok())
        .unwrap_or_default();
    let is_used = Matcher::builder().https("http://proxy").no(exceptions).build();
    if is_used.intercept(&server).is_none() {
        return Ok(());
    }
    let value = value.into_string().unwrap_or_default();
    if let Some(scheme) = scheme_of(&value).filter(|scheme| scheme.starts_with("socks")) {
        return Err(InvalidValue::new(format!(
            "{name} specifies a proxy of type `{scheme}`, which is not supported: set it to an HTTP proxy, such as \
             http://proxy.example.com:8080, or add the host to NO_PROXY"
        )));
    }
    // The matcher accepts any text as a port, and takes a text without a scheme as one of HTTP.
    let url = if scheme_of(&value).is_some() {
        Url::parse(&value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    let matcher = Matcher::builder().https(value).build();
    if url.is_err() || matcher.intercept(&server).is_none() {
        // The value may contain a password.
        return Err(InvalidValue::new(format!(
            "{name} is not the URL of a proxy: use a form such as http://proxy.example.com:8080, without quotes, spaces \
             and line breaks"
        )));
    }
    Ok(())
}

fn scheme_of(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once("://")?;
    Some(scheme.to_ascii_lowercase())
}

/// Checks that each variable specifies at least one certificate.
fn check_certificates(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), InvalidValue> {
    if let Some(file) = variable("SSL_CERT_FILE").map(PathBuf::from) {
        let found = CertificateDer::pem_file_iter(&file).map(|mut found| found.any(|found| found.is_ok()));
        let reason = match found {
            Ok(true) => None,
            Ok(false) => Some(NO_CERTIFICATE.to_owned()),
            Err(error) => Some(without_code(&error.to_string())),
        };
        if let Some(reason) = reason {
            return Err(InvalidValue::new(format!(
                "SSL_CERT_FILE specifies the file `{}`, which is not usable: {reason}. Correct it, or unset the variable \
                 to use the certificates of the system",
                file.display()
            )));
        }
    }
    let Some(folders) = variable("SSL_CERT_DIR") else {
        return Ok(());
    };
    if env::split_paths(&folders).any(|folder| contains_certificate(&folder)) {
        return Ok(());
    }
    Err(InvalidValue::new(format!(
        "SSL_CERT_DIR specifies `{}`, which contains no file with a certificate in PEM format. Correct it, or unset the \
         variable to use the certificates of the system",
        folders.display()
    )))
}

fn contains_certificate(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut certificates = files.filter_map(|file| CertificateDer::pem_file_iter(file.path()).ok());
    certificates.any(|mut found| found.any(|found| found.is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)]) -> Result<(), String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        check_proxy(&ServerUrl::default(), |name| {
            find(name).map(|(_, value)| value.into())
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn proxy_that_cannot_be_used_is_an_error_with_its_variable() {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            for value in [
                "\"http://proxy.example.com:8080\"",
                "'http://proxy.example.com:8080'",
                "http://proxy.example.com:8080\n",
                " http://proxy.example.com:8080",
                "http://",
                "http://proxy:port",
                "ftp://proxy.example.com",
                "socks5://127.0.0.1:1080",
                "SOCKS5H://127.0.0.1:1080",
            ] {
                let error = proxy(&[(name, value)]).unwrap_err();
                assert!(error.contains(name), "{value:?}: {error}");
                assert_eq!(error.contains("not supported"), value.contains("1080"), "{error}");
            }
            let secret = proxy(&[(name, "http://user:hunter2@proxy:8080 ")]).unwrap_err();
            assert!(!secret.contains("hunter2"), "{secret}");
        }
    }

    #[test]
    fn proxy_that_is_usable_or_not_used_is_accepted() {
        for value in [
            "http://proxy.example.com:8080",
            "https://user:p%40ss@proxy.example.com",
            "proxy.example.com:8080",
            "http://[::1]:8080/",
            "",
        ] {
            assert_eq!(proxy(&[("HTTPS_PROXY", value)]), Ok(()), "{value}");
        }
        let odd = ("HTTPS_PROXY", "socks5://x");
        assert_eq!(proxy(&[odd, ("NO_PROXY", "localhost, .konghq.com")]), Ok(()));
        assert!(proxy(&[odd, ("NO_PROXY", "example.com")]).is_err());
        assert_eq!(proxy(&[("HTTP_PROXY", "socks5://x")]), Ok(()), "not for HTTPS");
        assert_eq!(
            proxy(&[("HTTPS_PROXY", "http://p"), ("ALL_PROXY", "socks5://x")]),
            Ok(())
        );
    }

    fn certificates(variables: &[(&str, &Path)]) -> Result<(), String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        check_certificates(|name| find(name).map(|(_, value)| value.as_os_str().to_owned()))
            .map_err(|error| error.to_string())
    }

    fn pem() -> String {
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        signed.cert.pem()
    }

    #[test]
    fn certificate_variable_without_certificate_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, absent) = (folder.path().join("empty.pem"), folder.path().join("absent"));
        std::fs::write(&empty, "no certificate").unwrap();
        for (name, path) in [
            ("SSL_CERT_FILE", empty.as_path()),
            ("SSL_CERT_FILE", &absent),
            ("SSL_CERT_FILE", folder.path()),
            ("SSL_CERT_FILE", Path::new("")),
            ("SSL_CERT_DIR", folder.path()),
            ("SSL_CERT_DIR", &absent),
        ] {
            let error = certificates(&[(name, path)]).unwrap_err();
            assert!(
                error.contains(name) && error.contains(&path.display().to_string()),
                "{error}"
            );
            assert!(!error.contains("os error"), "{error}");
        }
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, pem()).unwrap();
        assert_eq!(certificates(&[("SSL_CERT_FILE", &file)]), Ok(()));
        let folders = env::join_paths([&absent, folder.path()]).unwrap();
        assert_eq!(certificates(&[("SSL_CERT_DIR", Path::new(&folders))]), Ok(()));
        assert_eq!(certificates(&[]), Ok(()));
    }

    #[test]
    fn ca_certificates_other_text_is_rejected_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let read = || CaCertificates::from_pem_file(&file).map(|found| found.0.len());
        let refusal = || read().unwrap_err().to_string();
        assert!(
            refusal().contains("ca.pem cannot be read: No such file"),
            "{}",
            refusal()
        );
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "AAAA", broken] {
            std::fs::write(&file, text).unwrap();
            assert!(refusal().contains("ca.pem is not usable"), "{}", refusal());
        }
        std::fs::write(&file, format!("# our CA\n{}{}", pem(), pem())).unwrap();
        assert_eq!(read(), Ok(2));
    }
}
