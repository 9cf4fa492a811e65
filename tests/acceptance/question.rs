//! The open questions about Konnect.

/// An open question. The order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    Lifecycle,
    Role,
    GlobalStore,
    GlobalWebhook,
    UpdatedAt,
    PageSize,
    ListCompleteness,
    SameName,
    EndpointForm,
    ReadAfterWrite,
    NewDestination,
    DestinationInUse,
    WebhookAfterDelete,
    RepeatedDelete,
    WebhookFields,
    ReplayWithoutWebhook,
    PullApi,
    Jwks,
    ContentEncoding,
    CollectorRetries,
    CpsSignature,
}

impl Question {
    /// The text of the question.
    pub fn text(self) -> &'static str {
        match self {
            Self::Lifecycle => "Does the provider create, update and destroy a destination and a webhook?",
            Self::Role => "Is the role of the token sufficient?",
            Self::GlobalStore => "Do `global` and a regional host store the same destinations?",
            Self::GlobalWebhook => "Does `global` have a webhook?",
            Self::UpdatedAt => "How does `updated_at` of a destination behave?",
            Self::PageSize => "Which page sizes does the list of destinations honor?",
            Self::ListCompleteness => "Does a list contain every destination exactly once?",
            Self::SameName => "Can two destinations have the same name?",
            Self::EndpointForm => "Does the API return the URL of an endpoint as it was sent?",
            Self::ReadAfterWrite => "Does a read right after a write return what was written?",
            Self::NewDestination => "How long until a region knows a destination on `global`?",
            Self::DestinationInUse => "How long is a destination in use after its webhook has changed?",
            Self::WebhookAfterDelete => {
                "What does the API return for a deleted webhook: 404 or an empty destination?"
            }
            Self::RepeatedDelete => "What does the API return for a repeated `DELETE`?",
            Self::WebhookFields => "Which fields do the three `GET`s of a webhook return?",
            Self::ReplayWithoutWebhook => "What does the API return for a replay without an enabled webhook?",
            Self::PullApi => "Is `GET /v3/audit-logs` available?",
            Self::Jwks => "Do the signing keys differ by region?",
            Self::ContentEncoding => "Which `Content-Encoding` does a delivery have?",
            Self::CollectorRetries => {
                "After which responses of a collector does Konnect retry, and when does it resume?"
            }
            Self::CpsSignature => "Which bytes does the signature of a `cps` line cover?",
        }
    }
}
