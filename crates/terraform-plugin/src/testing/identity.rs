//! The certificate by which the plugin recognizes its host.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate with its key, as go-plugin creates one for each process: ECDSA P-521, self-signed, and marked as an
/// authority.
pub struct Identity {
    /// The value of `PLUGIN_CLIENT_CERT`.
    pub pem: String,
    /// The certificate in DER.
    pub certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    /// Creates a certificate. All certificates have the same subject and different keys.
    pub fn new() -> Self {
        let (params, key) = (params(), key_pair());
        let certificate = params.self_signed(&key).unwrap();
        Self::of(&certificate, &key)
    }

    /// Creates a certificate with the same subject and another key, signed by this one as an authority.
    pub fn issue(&self) -> Self {
        let authority = KeyPair::try_from(self.key.as_slice()).unwrap();
        let issuer = Issuer::new(params(), authority);
        let key = key_pair();
        let certificate = params().signed_by(&key, &issuer).unwrap();
        Self::of(&certificate, &key)
    }

    fn of(certificate: &Certificate, key: &KeyPair) -> Self {
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// A client that presents this certificate with the key of another.
    pub fn with_key_of(&self, other: &Identity) -> Self {
        Self {
            pem: self.pem.clone(),
            certificate: self.certificate.clone(),
            key: other.key.clone(),
        }
    }

    /// The private key.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()))
    }
}

fn key_pair() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap()
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "HashiCorp");
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::KeyAgreement,
        KeyUsagePurpose::KeyCertSign,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    params
}
