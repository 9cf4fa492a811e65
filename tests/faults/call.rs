//! The columns: every request of the provider, with the operation that makes it.

use konnect_emulator::{Fault, FaultRule};

/// Declares the calls: `name: operation, object, method target, other requests before and after it;`.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident: $operation:ident, $object:ident, $method:ident $target:ident,
        $before:literal $after:literal;)*) => {
        /// A request in an operation of Terraform. The main requests come first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Call {
            $($(#[$doc])* $name,)*
        }

        impl Call {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The operation that makes the request.
            pub fn operation(self) -> Operation {
                match self {
                    $(Self::$name => Operation::$operation,)*
                }
            }

            pub fn object(self) -> Object {
                match self {
                    $(Self::$name => Object::$object,)*
                }
            }

            /// The affected request.
            pub fn request(self) -> (&'static str, Target) {
                match self {
                    $(Self::$name => (stringify!($method), Target::$target),)*
                }
            }

            /// The number of other requests of the operation before it.
            pub fn before(self) -> usize {
                match self {
                    $(Self::$name => $before,)*
                }
            }

            /// The number of other requests after it.
            pub fn after(self) -> usize {
                match self {
                    $(Self::$name => $after,)*
                }
            }
        }
    };
}

calls! {
    DestinationCreate: Create, Destination, POST Destinations, 0 0;
    DestinationRead: Read, Destination, GET Destination, 0 0;
    DestinationUpdate: Update, Destination, PATCH Destination, 1 0;
    DestinationDelete: Delete, Destination, DELETE Destination, 0 0;
    DestinationImport: Import, Destination, GET Destination, 0 0;
    PointCreate: Create, Point, PATCH WebhookV3, 2 0;
    PointRead: Read, Point, GET WebhookV3, 0 0;
    PointUpdate: Update, Point, PATCH WebhookV3, 1 0;
    PointDelete: Delete, Point, DELETE WebhookV3, 1 0;
    PointImport: Import, Point, GET WebhookV3, 0 0;
    DeliverCreate: Create, Deliver, PATCH WebhookV2, 2 0;
    DeliverRead: Read, Deliver, GET WebhookV2, 1 0;
    DeliverUpdate: Update, Deliver, PATCH WebhookV2, 2 0;
    DeliverDelete: Delete, Deliver, PATCH WebhookV2, 2 0;
    DeliverImport: Import, Deliver, GET WebhookV2, 1 0;
    StatusRead: Data, Status, GET Status, 0 0;
    PortalCreate: Create, Portal, PATCH PortalWebhook, 1 0;
    PortalRead: Read, Portal, GET PortalWebhook, 0 0;
    PortalUpdate: Update, Portal, PATCH PortalWebhook, 1 0;
    PortalDelete: Delete, Portal, DELETE PortalWebhook, 1 0;
    PortalImport: Import, Portal, GET PortalWebhook, 0 0;
    PortalStatusRead: Data, PortalStatus, GET PortalStatus, 0 0;
    ReplayStart: Create, Replay, PUT ReplayJob, 1 0;
    ReplayRead: Read, Replay, GET ReplayJob, 0 0;
    ReplayRestart: Update, Replay, PUT ReplayJob, 1 0;
    ReplayImport: Import, Replay, GET ReplayJob, 0 0;
    DestinationsRead: Data, Destinations, GET Destinations, 0 0;
    EventsRead: Data, Events, GET Events, 0 0;
    KeysRead: Data, Keys, GET Keys, 0 0;
    /// The list at plan of a creation, which finds an equal destination of an interrupted run.
    PlanAlike: Plan, Destination, GET Destinations, 0 0;
    /// The list after the response to a creation was lost.
    LostLook: Create, Destination, GET Named, 1 1;
    /// The repeated creation after that list was empty.
    LostAgain: Create, Destination, POST Destinations, 0 0;
    /// The read before a change of a destination.
    DestinationLook: Update, Destination, GET Destination, 0 1;
    /// The read where only the state changes.
    DestinationSame: Update, Destination, GET Destination, 0 0;
    /// The read of the webhook in v3 at plan of a creation.
    PlanGuardV3: Plan, Point, GET WebhookV3, 0 1;
    /// The same in v2.
    PlanGuardV2: Plan, Point, GET WebhookV2, 1 0;
    /// The read of the webhook in v3 before its creation.
    GuardV3: Create, Point, GET WebhookV3, 0 2;
    /// The same in v2.
    GuardV2: Create, Point, GET WebhookV2, 1 1;
    /// The read in v3 before the removal of a webhook with a destination.
    PointDeleteLook: Delete, Point, GET WebhookV3, 0 1;
    /// The same for a webhook with an endpoint.
    DeliverDeleteLookV3: Delete, Deliver, GET WebhookV3, 0 2;
    /// The read in v2 before it is disabled.
    DeliverDeleteLookV2: Delete, Deliver, GET WebhookV2, 1 1;
    /// The read in v2 of a webhook that no longer exists in v3.
    PointGone: Read, Point, GET WebhookV2, 1 0;
    /// The read where only the state changes.
    PointSame: Update, Point, GET WebhookV3, 0 0;
    /// The read in v3 at import of a webhook with an endpoint.
    DeliverImportFirst: Import, Deliver, GET WebhookV3, 0 1;
    /// The read before a change of a webhook with a destination.
    PointLook: Update, Point, GET WebhookV3, 0 1;
    /// The read in v3 before a change of a webhook with an endpoint.
    DeliverLookV3: Update, Deliver, GET WebhookV3, 0 2;
    /// The same in v2.
    DeliverLook: Update, Deliver, GET WebhookV2, 1 1;
    /// The read before a change of a Dev Portal's webhook.
    PortalLook: Update, Portal, GET PortalWebhook, 0 1;
    /// The read of a Dev Portal's webhook while a creation is planned.
    PortalPlanGuard: Plan, Portal, GET PortalWebhook, 0 0;
    /// The same read just before it is created.
    PortalGuard: Create, Portal, GET PortalWebhook, 0 1;
    /// The read before a Dev Portal's webhook is removed.
    PortalDeleteLook: Delete, Portal, GET PortalWebhook, 0 1;
    /// The read of the latest replay job before one is started.
    ReplayLook: Create, Replay, GET ReplayJob, 0 1;
}

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

impl Target {
    /// What its path contains, and how it ends.
    fn path(self) -> (&'static str, &'static str) {
        match self {
            Self::Destinations => ("", "/v3/audit-log-destinations"),
            Self::Named => (NAMED, ""),
            Self::Destination => ("/v3/audit-log-destinations/", ""),
            Self::WebhookV3 => ("", "/v3/audit-log-webhook"),
            Self::WebhookV2 => ("", "/v2/audit-log-webhook"),
            Self::Status => ("", "/v3/audit-log-webhook/status"),
            Self::PortalWebhook => ("/v3/portals/", "/audit-log-webhook"),
            Self::PortalStatus => ("/v3/portals/", "/audit-log-webhook/status"),
            Self::ReplayJob => ("", "/v3/audit-log-replay-job"),
            Self::Events => ("", "/v3/audit-logs"),
            Self::Keys => ("", "/jwks.json"),
        }
    }

    fn rule(self, fault: Fault) -> FaultRule {
        let (part, end) = self.path();
        let rule = FaultRule::new(fault);
        let rule = if part.is_empty() { rule } else { rule.path(part) };
        if end.is_empty() { rule } else { rule.path_end(end) }
    }

    /// Whether a sent path matches.
    pub fn is(self, path: &str) -> bool {
        let (part, end) = self.path();
        let named = self != Self::Named && path.contains(NAMED);
        let (before, _) = path.split_once('?').unwrap_or((path, ""));
        !named && path.contains(part) && before.ends_with(end)
    }
}
