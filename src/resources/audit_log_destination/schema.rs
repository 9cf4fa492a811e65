//! What a user writes in a `konnect_audit_log_destination` block.

use terraform_plugin::{Attribute, IdentityAttribute, Schema, Validator};

use crate::{authorization, validators};

pub(crate) fn schema() -> Schema {
    let [stored, write_only, version] = authorization::attributes(
        "What Konnect sends to the endpoint as the `Authorization` header, with its scheme, for instance \
         `Bearer ...` or `Splunk ...`. It is stored in the state: use `authorization_wo` where that is not wanted. \
         Exactly one of the two must be set.",
    );
    Schema::new(
        "An audit log destination: an HTTPS endpoint, usually a SIEM's collector, with the credential and the \
         format that Konnect uses to deliver audit events to it. A destination receives nothing by itself: a \
         `konnect_audit_log_webhook` points a region at it.\n\n\
         All arguments but `region` are changed in place, without a gap in the stream. Destroying a destination \
         that a webhook still uses is refused by Konnect.",
        [
            Attribute::string("id")
                .computed()
                .use_state_for_unknown()
                .description("Id of the destination, a UUID given by Konnect."),
            Attribute::string("region")
                .optional()
                .computed()
                .use_state_for_unknown()
                .requires_replace()
                .validator(validators::region())
                .description(
                    "Region whose host keeps the destination. By default `global`, where Kong's own guide keeps \
                     destinations, or the one region that a `server_url` without `{region}` serves. Another value \
                     destroys the destination and creates a new one: set `create_before_destroy` in its \
                     `lifecycle` if a webhook uses it.",
                ),
            Attribute::string("name").required().validator(Validator::not_blank()).description(
                "Name for people, not blank. Konnect allows several destinations of one name.",
            ),
            Attribute::string("endpoint").required().validator(validators::endpoint()).description(
                "HTTPS URL that Konnect sends batches of audit events to. The receiver's firewall must allow \
                 Konnect's addresses; Kong delivers over port 8071 as well. It is stored in the state in clear, also \
                 where it is a secret, as with Sumo Logic.",
            ),
            stored,
            write_only,
            version,
            authorization::detection().default(true).description(
                "Whether a write by somebody else is answered by sending the authorization again. Konnect never \
                 tells the authorization, but it tells when the destination was last changed: if that was not by \
                 this configuration, the next plan sends the authorization again, in place, with a warning. By \
                 default true.",
            ),
            Attribute::string("log_format")
                .optional()
                .default(validators::DEFAULT_LOG_FORMAT)
                .validator(Validator::one_of(validators::LOG_FORMATS))
                .description(
                    "Format of the events: `cef` (ArcSight Common Event Format), `json`, or `cps` (CrowdStrike \
                     Parsing Standard). By default `cef`.",
                ),
            Attribute::bool("skip_ssl_verification")
                .optional()
                .default(false)
                .validator(validators::skips_verification())
                .description(
                    "Whether Konnect accepts any certificate of the endpoint. By default false. With true, \
                     deliveries and the credential can be intercepted: only for self-signed certificates outside \
                     production.",
                ),
            Attribute::bool("allow_identical").optional().default(false).description(
                "Whether the creation may make a destination although the region has one that is just like it: the \
                 same `name`, `endpoint`, `log_format` and `skip_ssl_verification`, and in no state that this run has \
                 shown to the provider. By default false: then it is refused, since an apply that was interrupted may \
                 have left that one behind. Destinations that one run creates together with one provider block may be \
                 identical anyway. It has no effect once the resource exists.",
            ),
            Attribute::string("created_at")
                .computed()
                .use_state_for_unknown()
                .description("When the destination was created, RFC 3339, by Konnect's clock."),
            Attribute::string("updated_at").computed().description(
                "When the destination was last changed, by Konnect's clock; `0001-01-01T00:00:0Z`, which is no \
                 valid time, before the first change.",
            ),
        ],
    )
    .identity(&[
        IdentityAttribute { name: "id", required_for_import: true },
        IdentityAttribute { name: "region", required_for_import: false },
    ])
}
