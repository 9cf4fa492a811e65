//! `data.konnect_audit_log_signing_keys`: the public keys that verify the signatures of events (API description v2,
//! `audit-log-webhook/jwks.json`).

use konnect::{Region, sentence, v2};
use konnect_event::{InvalidKeySet, Key, KeySet};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostic, Diagnostics};

use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::scope::scope_argument;

/// The data source `konnect_audit_log_signing_keys`.
pub(crate) struct AuditLogSigningKeys;

/// The public keys that verify the signatures of a region's audit events, for the function `verify_audit_event` or for
/// a receiver. The request does not send the access token, since Konnect does not require one for these keys. Konnect
/// can replace its keys: keep copies of earlier ones to verify stored events.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Model {
    /// Region of the webhook. Default: the provider's `region`.
    #[tf(optional, computed)]
    region: Attr<String>,
    /// The keys as Konnect returns them: a JSON Web Key Set (RFC 7517) as text.
    #[tf(computed)]
    jwks: Attr<String>,
    /// The Ed25519 keys of the set, in its order. Empty if the set does not have one.
    #[tf(computed)]
    keys: Attr<Vec<Item>>,
}

// An Ed25519 key.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Item {
    /// Id of the key. Events do not name the key that signed them.
    #[tf(computed)]
    kid: Attr<String>,
    /// Type of the key: `OKP`.
    #[tf(computed)]
    kty: Attr<String>,
    /// Curve of the key: `Ed25519`.
    #[tf(computed)]
    crv: Attr<String>,
    /// Algorithm of the key, such as `EdDSA`. Null if the document does not name it.
    #[tf(computed)]
    alg: Attr<String>,
    /// The public key: 32 bytes in base64url without padding.
    #[tf(computed)]
    x: Attr<String>,
}

impl From<&Key> for Item {
    fn from(key: &Key) -> Self {
        Self {
            kid: key.kid.clone().into(),
            kty: "OKP".to_owned().into(),
            crv: "Ed25519".to_owned().into(),
            alg: key.alg.clone().into(),
            x: key.x.clone().into(),
        }
    }
}

impl DataSource for AuditLogSigningKeys {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_signing_keys"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let region = scope_argument(call.data, &call.config.region, &Attr::Null)?.region;
        let jwks = v2::get_jwks(call.data.client()?, &region)
            .await
            .map_err(|error| api_error(&error))?;
        let keys = match KeySet::from_json(&jwks) {
            Ok(set) => {
                if set.has_private_key() {
                    call.diagnostics.push(private_key(&region));
                }
                set.keys().iter().map(Item::from).collect()
            }
            Err(InvalidKeySet::NoKey(_)) => Vec::new(),
            Err(error) => return Err(Diagnostic::error("Invalid signing keys", sentence(&error)).into()),
        };
        Ok(Model {
            region: region.to_string().into(),
            jwks: jwks.into(),
            keys: keys.into(),
        })
    }
}

fn private_key(region: &Region) -> Diagnostic {
    let detail = format!(
        "The keys of {region} include a private key (a member \"d\"), which the state now contains. Anyone who reads it can \
         sign events. Do not trust signatures of these keys, and report this to Kong."
    );
    Diagnostic::warning("Signing keys contain a private key", detail)
}
