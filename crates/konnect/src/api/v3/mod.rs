//! The calls of version 3: destinations, webhooks that deliver to a destination, replay jobs, past events, Dev Portals
//! and the organization.
//!
//! Paths and bodies follow the API descriptions "Konnect Audit Log Settings" 3.0.7, of portal management 3.9.8, and of
//! identity v3.

mod audit_logs;
mod destinations;
mod organization;
mod portals;
mod replay_job;
mod webhook;

pub use self::audit_logs::first_audit_logs;
pub(crate) use self::destinations::destinations_page;
pub use self::destinations::{
    all_destinations, create_destination, delete_destination, delete_destination_when_unused,
    first_destinations, get_destination, update_destination,
};
pub use self::organization::get_organization;
pub use self::portals::all_portals;
pub use self::replay_job::{
    get_portal_replay_job, get_replay_job, replace_portal_replay_job, replace_replay_job,
};
pub use self::webhook::{
    delete_portal_webhook, delete_webhook, get_portal_webhook, get_portal_webhook_status, get_webhook,
    get_webhook_status, update_portal_webhook, update_portal_webhook_to_new_destination, update_webhook,
    update_webhook_to_new_destination,
};
