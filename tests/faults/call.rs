//! The columns: every request of the provider, with the operation that makes it.

use konnect_emulator::{Fault, FaultRule};

/// A request in an operation of Terraform. The main requests come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    DestinationCreate,
    DestinationRead,
    DestinationUpdate,
    DestinationDelete,
    DestinationImport,
    PointCreate,
    PointRead,
    PointUpdate,
    PointDelete,
    PointImport,
    DeliverCreate,
    DeliverRead,
    DeliverUpdate,
    DeliverDelete,
    DeliverImport,
    StatusRead,
    PortalCreate,
    PortalRead,
    PortalUpdate,
    PortalDelete,
    PortalImport,
    PortalStatusRead,
    ReplayStart,
    ReplayRead,
    ReplayRestart,
    ReplayImport,
    DestinationsRead,
    EventsRead,
    KeysRead,
    /// The list at plan of a creation, which finds an equal destination of an interrupted run.
    PlanAlike,
    /// The list after the response to a creation was lost.
    LostLook,
    /// The repeated creation after that list was empty.
    LostAgain,
    /// The read before a change of a destination.
    DestinationLook,
    /// The read where only the state changes.
    DestinationSame,
    /// The read of the webhook in v3 at plan of a creation.
    PlanGuardV3,
    /// The same in v2.
    PlanGuardV2,
    /// The read of the webhook in v3 before its creation.
    GuardV3,
    /// The same in v2.
    GuardV2,
    /// The read in v3 before the removal of a webhook with a destination.
    PointDeleteLook,
    /// The same for a webhook with an endpoint.
    DeliverDeleteLookV3,
    /// The read in v2 before it is disabled.
    DeliverDeleteLookV2,
    /// The read in v2 of a webhook that no longer exists in v3.
    PointGone,
    /// The read where only the state changes.
    PointSame,
    /// The read in v3 at import of a webhook with an endpoint.
    DeliverImportFirst,
    /// The read before a change of a webhook with a destination.
    PointLook,
    /// The read in v3 before a change of a webhook with an endpoint.
    DeliverLookV3,
    /// The same in v2.
    DeliverLook,
    /// The read before a change of a Dev Portal's webhook.
    PortalLook,
    /// The read of a Dev Portal's webhook while a creation is planned.
    PortalPlanGuard,
    /// The same read just before it is created.
    PortalGuard,
    /// The read before a Dev Portal's webhook is removed.
    PortalDeleteLook,
    /// The read of the latest replay job before one is started.
    ReplayLook,
}

/// An operation of Terraform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Plan,
    Create,
    Read,
    Update,
    Delete,
    Import,
    Data,
}

/// The object of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    Destination,
    /// A webhook with a destination: v3.
    Point,
    /// A webhook with an endpoint: v2.
    Deliver,
    Status,
    /// The webhook of a Dev Portal.
    Portal,
    PortalStatus,
    /// The replay job of a region.
    Replay,
    Destinations,
    Events,
    Keys,
}

/// The path of the affected request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Destinations,
    /// The list of destinations with a name.
    Named,
    Destination,
    WebhookV3,
    WebhookV2,
    Status,
    PortalWebhook,
    PortalStatus,
    ReplayJob,
    Events,
    Keys,
}

impl Call {
    /// All calls.
    pub const ALL: [Self; 52] = [
        Self::DestinationCreate,
        Self::DestinationRead,
        Self::DestinationUpdate,
        Self::DestinationDelete,
        Self::DestinationImport,
        Self::PointCreate,
        Self::PointRead,
        Self::PointUpdate,
        Self::PointDelete,
        Self::PointImport,
        Self::StatusRead,
        Self::DeliverCreate,
        Self::DeliverRead,
        Self::DeliverUpdate,
        Self::DeliverDelete,
        Self::DeliverImport,
        Self::PortalCreate,
        Self::PortalRead,
        Self::PortalUpdate,
        Self::PortalDelete,
        Self::PortalImport,
        Self::PortalStatusRead,
        Self::ReplayStart,
        Self::ReplayRead,
        Self::ReplayRestart,
        Self::ReplayImport,
        Self::DestinationsRead,
        Self::EventsRead,
        Self::KeysRead,
        Self::PlanAlike,
        Self::LostLook,
        Self::LostAgain,
        Self::DestinationLook,
        Self::DestinationSame,
        Self::PlanGuardV3,
        Self::PlanGuardV2,
        Self::GuardV3,
        Self::GuardV2,
        Self::PointGone,
        Self::PointSame,
        Self::DeliverImportFirst,
        Self::PointLook,
        Self::DeliverLookV3,
        Self::DeliverLook,
        Self::PortalLook,
        Self::PointDeleteLook,
        Self::DeliverDeleteLookV3,
        Self::DeliverDeleteLookV2,
        Self::PortalPlanGuard,
        Self::PortalGuard,
        Self::PortalDeleteLook,
        Self::ReplayLook,
    ];

    /// The operation that makes the request.
    pub fn operation(self) -> Operation {
        match self {
            Self::PlanAlike | Self::PlanGuardV3 | Self::PlanGuardV2 | Self::PortalPlanGuard => {
                Operation::Plan
            }
            Self::DestinationCreate
            | Self::PointCreate
            | Self::DeliverCreate
            | Self::LostLook
            | Self::LostAgain
            | Self::GuardV3
            | Self::GuardV2
            | Self::PortalCreate
            | Self::PortalGuard
            | Self::ReplayStart
            | Self::ReplayLook => Operation::Create,
            Self::DestinationRead
            | Self::PointRead
            | Self::DeliverRead
            | Self::PointGone
            | Self::PortalRead
            | Self::ReplayRead => Operation::Read,
            Self::DestinationUpdate
            | Self::PointUpdate
            | Self::DeliverUpdate
            | Self::DestinationLook
            | Self::DestinationSame
            | Self::PointSame
            | Self::PointLook
            | Self::DeliverLookV3
            | Self::DeliverLook
            | Self::PortalLook
            | Self::PortalUpdate
            | Self::ReplayRestart => Operation::Update,
            Self::DestinationDelete
            | Self::PointDelete
            | Self::DeliverDelete
            | Self::PointDeleteLook
            | Self::DeliverDeleteLookV3
            | Self::DeliverDeleteLookV2
            | Self::PortalDelete
            | Self::PortalDeleteLook => Operation::Delete,
            Self::DestinationImport
            | Self::PointImport
            | Self::DeliverImport
            | Self::DeliverImportFirst
            | Self::PortalImport
            | Self::ReplayImport => Operation::Import,
            Self::StatusRead
            | Self::PortalStatusRead
            | Self::DestinationsRead
            | Self::EventsRead
            | Self::KeysRead => Operation::Data,
        }
    }

    /// The object of the operation.
    pub fn object(self) -> Object {
        match self {
            Self::DestinationCreate
            | Self::DestinationRead
            | Self::DestinationUpdate
            | Self::DestinationDelete
            | Self::DestinationImport
            | Self::PlanAlike
            | Self::LostLook
            | Self::LostAgain
            | Self::DestinationLook
            | Self::DestinationSame => Object::Destination,
            Self::PointCreate
            | Self::PointRead
            | Self::PointUpdate
            | Self::PointDelete
            | Self::PointImport
            | Self::PlanGuardV3
            | Self::PlanGuardV2
            | Self::GuardV3
            | Self::GuardV2
            | Self::PointGone
            | Self::PointDeleteLook
            | Self::PointLook
            | Self::PointSame => Object::Point,
            Self::DeliverCreate
            | Self::DeliverRead
            | Self::DeliverUpdate
            | Self::DeliverDelete
            | Self::DeliverImport
            | Self::DeliverImportFirst
            | Self::DeliverLookV3
            | Self::DeliverLook
            | Self::DeliverDeleteLookV3
            | Self::DeliverDeleteLookV2 => Object::Deliver,
            Self::StatusRead => Object::Status,
            Self::PortalCreate
            | Self::PortalRead
            | Self::PortalUpdate
            | Self::PortalDelete
            | Self::PortalImport
            | Self::PortalPlanGuard
            | Self::PortalGuard
            | Self::PortalLook
            | Self::PortalDeleteLook => Object::Portal,
            Self::PortalStatusRead => Object::PortalStatus,
            Self::DestinationsRead => Object::Destinations,
            Self::EventsRead => Object::Events,
            Self::KeysRead => Object::Keys,
            Self::ReplayStart
            | Self::ReplayRead
            | Self::ReplayRestart
            | Self::ReplayImport
            | Self::ReplayLook => Object::Replay,
        }
    }

    /// The affected request.
    pub fn request(self) -> (&'static str, Target) {
        match self {
            Self::DestinationCreate | Self::LostAgain => ("POST", Target::Destinations),
            Self::PlanAlike | Self::DestinationsRead => ("GET", Target::Destinations),
            Self::LostLook => ("GET", Target::Named),
            Self::DestinationRead
            | Self::DestinationImport
            | Self::DestinationLook
            | Self::DestinationSame => ("GET", Target::Destination),
            Self::DestinationUpdate => ("PATCH", Target::Destination),
            Self::DestinationDelete => ("DELETE", Target::Destination),
            Self::PointCreate | Self::PointUpdate => ("PATCH", Target::WebhookV3),
            Self::PointRead
            | Self::PointImport
            | Self::PlanGuardV3
            | Self::GuardV3
            | Self::PointSame
            | Self::PointLook
            | Self::PointDeleteLook
            | Self::DeliverLookV3
            | Self::DeliverDeleteLookV3
            | Self::DeliverImportFirst => ("GET", Target::WebhookV3),
            Self::PointDelete => ("DELETE", Target::WebhookV3),
            Self::DeliverCreate | Self::DeliverUpdate | Self::DeliverDelete => ("PATCH", Target::WebhookV2),
            Self::DeliverRead
            | Self::DeliverImport
            | Self::PlanGuardV2
            | Self::GuardV2
            | Self::PointGone
            | Self::DeliverLook
            | Self::DeliverDeleteLookV2 => ("GET", Target::WebhookV2),
            Self::StatusRead => ("GET", Target::Status),
            Self::PortalCreate | Self::PortalUpdate => ("PATCH", Target::PortalWebhook),
            Self::PortalRead
            | Self::PortalImport
            | Self::PortalPlanGuard
            | Self::PortalGuard
            | Self::PortalLook
            | Self::PortalDeleteLook => ("GET", Target::PortalWebhook),
            Self::PortalDelete => ("DELETE", Target::PortalWebhook),
            Self::PortalStatusRead => ("GET", Target::PortalStatus),
            Self::EventsRead => ("GET", Target::Events),
            Self::KeysRead => ("GET", Target::Keys),
            Self::ReplayStart | Self::ReplayRestart => ("PUT", Target::ReplayJob),
            Self::ReplayRead | Self::ReplayImport | Self::ReplayLook => ("GET", Target::ReplayJob),
        }
    }

    /// Whether the request can change something.
    pub fn writes(self) -> bool {
        self.request().0 != "GET"
    }

    /// Whether it is the main request of its operation, rather than an additional read.
    pub fn is_main(self) -> bool {
        self <= Self::KeysRead
    }

    /// The fault rules for its requests in this region: the first `times`, or all.
    pub fn rules(self, region: &str, fault: Fault, times: Option<u64>) -> Vec<FaultRule> {
        let (method, target) = self.request();
        let mut rule = target.rule(fault).method(method).region(region);
        rule.times = times;
        // Faults that must precede the request.
        let before = match self {
            Self::LostLook => Some(Fault::DropAfter),
            Self::LostAgain => Some(Fault::DropBefore),
            _ => None,
        };
        let before = before.map(|lost| Target::Destinations.rule(lost).method("POST").region(region));
        before.into_iter().chain([rule]).collect()
    }
}

/// The query that identifies a list by name.
const NAMED: &str = "filter%5Bname%5D";
/// What the paths of Dev Portals have in common.
const PORTALS: &str = "/v3/portals/";

impl Target {
    fn rule(self, fault: Fault) -> FaultRule {
        let rule = FaultRule::new(fault);
        match self {
            Self::Destinations => rule.path_end("/v3/audit-log-destinations"),
            Self::Named => rule.path(NAMED),
            Self::Destination => rule.path("/v3/audit-log-destinations/"),
            Self::WebhookV3 => rule.path_end("/v3/audit-log-webhook"),
            Self::WebhookV2 => rule.path_end("/v2/audit-log-webhook"),
            Self::Status => rule.path_end("/v3/audit-log-webhook/status"),
            Self::PortalWebhook => rule.path(PORTALS).path_end("/audit-log-webhook"),
            Self::PortalStatus => rule.path(PORTALS).path_end("/audit-log-webhook/status"),
            Self::ReplayJob => rule.path_end("/v3/audit-log-replay-job"),
            Self::Events => rule.path_end("/v3/audit-logs"),
            Self::Keys => rule.path_end("/jwks.json"),
        }
    }

    /// Whether a sent path matches.
    pub fn is(self, path: &str) -> bool {
        let named = path.contains(NAMED);
        let path = path.split('?').next().unwrap_or_default();
        match self {
            Self::Destinations => !named && path.ends_with("/v3/audit-log-destinations"),
            Self::Named => named,
            Self::Destination => path.contains("/v3/audit-log-destinations/"),
            Self::WebhookV3 => path.ends_with("/v3/audit-log-webhook"),
            Self::WebhookV2 => path.ends_with("/v2/audit-log-webhook"),
            Self::Status => path.ends_with("/v3/audit-log-webhook/status"),
            Self::PortalWebhook => path.contains(PORTALS) && path.ends_with("/audit-log-webhook"),
            Self::PortalStatus => path.contains(PORTALS) && path.ends_with("/audit-log-webhook/status"),
            Self::ReplayJob => path.ends_with("/v3/audit-log-replay-job"),
            Self::Events => path.ends_with("/v3/audit-logs"),
            Self::Keys => path.ends_with("/jwks.json"),
        }
    }
}
