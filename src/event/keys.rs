//! `data.konnect_audit_log_signing_keys`: the public keys that verify the signatures of events (API description v2,
//! `audit-log-webhook/jwks.json`).

use async_trait::async_trait;
use konnect::{Region, sentence, v2};
use konnect_event::{InvalidKeySet, Key, KeySet};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, DataCall, DataSource, Diagnostic, Diagnostics, Nesting, Schema};

use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::scope::scope_argument;
use crate::run::validators;

/// The data source `konnect_audit_log_signing_keys`.
pub(crate) struct AuditLogSigningKeys;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    region: Attr<String>,
    jwks: Attr<String>,
    keys: Attr<Vec<Item>>,
}

/// An Ed25519 key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    kid: Attr<String>,
    kty: Attr<String>,
    crv: Attr<String>,
    alg: Attr<String>,
    x: Attr<String>,
}

impl From<&Key> for Item {
    fn from(key: &Key) -> Self {
        Self {
            kid: key.kid().map(str::to_owned).into(),
            kty: key.kty().to_owned().into(),
            crv: key.crv().to_owned().into(),
            alg: key.alg().map(str::to_owned).into(),
            x: key.x().to_owned().into(),
        }
    }
}

#[async_trait]
impl DataSource for AuditLogSigningKeys {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_signing_keys"
    }

    fn schema(&self) -> Schema {
        let key = [
            Attribute::string("kid")
                .computed()
                .description("Id of the key. Events do not name the key that signed them."),
            Attribute::string("kty")
                .computed()
                .description("Type of the key: `OKP`."),
            Attribute::string("crv")
                .computed()
                .description("Curve of the key: `Ed25519`."),
            Attribute::string("alg")
                .computed()
                .description("Algorithm of the key, such as `EdDSA`. Null if the document does not name it."),
            Attribute::string("x")
                .computed()
                .description("The public key: 32 bytes in base64url without padding."),
        ];
        Schema::new(
            "The public keys that verify the signatures of a region's audit events, for the function \
             `verify_audit_event` or for a receiver. The request does not send the access token, since Konnect does not \
             require one for these keys. Konnect can replace its keys: keep copies of earlier ones to verify stored \
             events.",
            [
                Attribute::string("region")
                    .optional()
                    .computed()
                    .validator(validators::region_of_another_object())
                    .description("Region of the webhook. Default: the provider's `region`."),
                Attribute::string("jwks")
                    .computed()
                    .description("The keys as Konnect returns them: a JSON Web Key Set (RFC 7517) as text."),
                Attribute::nested("keys", Nesting::List, key)
                    .computed()
                    .description(
                        "The Ed25519 keys of the set, in its order. Empty if the set does not have one.",
                    ),
            ],
        )
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let region = scope_argument(call.provider, &call.config.region, &Attr::Null)?.region;
        let jwks = v2::get_jwks(call.provider.client()?, &region)
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
