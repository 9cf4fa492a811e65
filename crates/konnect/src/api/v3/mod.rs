//! The calls of version 3: destinations, and webhooks that deliver to a destination.
//!
//! Paths and bodies follow the API description "Konnect Audit Log Settings" 3.0.7.

mod destinations;
mod webhook;

pub(crate) use self::destinations::destinations_page;
pub use self::destinations::{
    all_destinations, create_destination, delete_destination, get_destination, list_destinations,
    update_destination,
};
pub use self::webhook::{delete_webhook, get_organization, get_webhook, get_webhook_status, update_webhook};
