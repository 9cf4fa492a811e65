//! What a user writes in a `konnect_audit_log_webhook` block.

use terraform_plugin::{Attribute, IdentityAttribute, Schema, Validator};

use crate::{authorization, validators};

pub(crate) fn schema() -> Schema {
    let [stored, write_only, version] = authorization::attributes(
        "What Konnect sends to `endpoint` as the `Authorization` header, with its scheme. It is stored in the state: use \
         `authorization_wo` where that is not wanted. Exactly one of the two must be set with `endpoint`.",
    );
    Schema::new(
        "The audit log webhook of a region: the stream of that region's audit events. There is one for each region. It \
         delivers either to a destination (`audit_log_destination_id`, Konnect's API v3, recommended), or to an endpoint \
         of its own (`endpoint` with `authorization_wo` or `authorization`, API v2). Going from one form to the other is \
         an update in place, so that the stream is not interrupted.\n\n\
         Creating it is refused where the region delivers somewhere already: import the existing webhook, or set \
         `replace_existing`.\n\n\
         Destroying a webhook with a destination deletes it. One with an endpoint of its own is switched off, since API \
         v2 has no way to delete it: Konnect keeps the endpoint, and delivers nothing.",
        [
            Attribute::string("id")
                .computed()
                .use_state_for_unknown()
                .description("The region, which tells one webhook from another."),
            Attribute::string("region").optional().computed().use_state_for_unknown().requires_replace().validator(validators::region()).description(
                "Region whose audit events are delivered: `us`, `eu`, `au`, `me`, `in`, `sg`, `global`, or one that Kong \
                 has added since. By default the provider's `region`. Another value removes this webhook and sets up the \
                 other region's.",
            ),
            Attribute::bool("enabled").optional().default(true).description(
                "Whether events are delivered. By default true. With false it keeps its destination or \
                 endpoint, and delivers nothing.",
            ),
            Attribute::string("audit_log_destination_id").optional().validator(validators::destination_id()).description(
                "Id of the `konnect_audit_log_destination` that receives the events, a UUID. Exactly one of this and \
                 `endpoint` must be set. Another id points the region elsewhere in place.",
            ),
            Attribute::string("endpoint").optional().validator(validators::endpoint()).description(
                "HTTPS URL that receives the events, for a webhook without a destination. Needs `authorization_wo` or \
                 `authorization`. It is stored in the state in clear, also where it is a secret, as with Sumo Logic.",
            ),
            stored,
            write_only,
            version,
            authorization::detection().computed().description(
                "Whether a write by somebody else is answered by sending the authorization again. Konnect never tells the \
                 authorization, but it tells when a webhook with an endpoint of its own was last changed: if that was not \
                 by this configuration, the next plan sends the authorization again, in place, with a warning. By default \
                 true. With a destination there is no authorization, and null here.",
            ),
            Attribute::string("log_format")
                .optional()
                .computed()
                .validator(Validator::one_of(validators::LOG_FORMATS))
                .description(
                    "Format of the events sent to `endpoint`: `cef`, `json` or `cps` (CrowdStrike). By default `cef`. With \
                     a destination it is the destination's, and null here.",
                ),
            Attribute::bool("skip_ssl_verification")
                .optional()
                .computed()
                .validator(validators::skips_verification())
                .description(
                    "Whether Konnect accepts any certificate of `endpoint`. By default false. With true, deliveries and \
                     the credential can be intercepted: only for self-signed certificates outside production. With a \
                     destination it is the destination's, and null here.",
                ),
            Attribute::string("updated_at").computed().description(
                "When a webhook with an endpoint of its own was last changed, by Konnect's clock. Null with a \
                 destination, where Konnect does not tell.",
            ),
            Attribute::bool("replace_existing").optional().default(false).description(
                "Whether the creation may take over a region that delivers somewhere already. By default false: then it \
                 is refused, with what is there. A webhook that is switched off is always taken over. It has no effect \
                 once the resource exists.",
            ),
        ],
    )
    .identity(&[IdentityAttribute { name: "region", required_for_import: true }])
}
