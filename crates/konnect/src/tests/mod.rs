//! The client against a loopback server with scripted responses.

mod calls;
mod connections;
mod create_once;
mod other_calls;
mod repeat;
mod responses;
mod retries;
mod server;
mod server_urls;

use crate::{Authorization, DestinationId, DestinationSettings, LogFormat, NewDestination, PortalId, Region};

const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";
const DESTINATION: &str = r#"{"id": "6945c4c4-3e06-4c5c-87e0-726d0cda4e05", "name": "n", "endpoint": "https://e.example", "log_format": "cef"}"#;
const AUTHORIZATION: &str = "Splunk s3cret/Value+1";

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

fn id() -> DestinationId {
    DestinationId::parse(ID).unwrap()
}

fn portal_id() -> PortalId {
    PortalId::parse("3e551b39-227d-4297-b911-e68fd5d77c17").unwrap()
}

fn new_destination() -> NewDestination {
    NewDestination {
        settings: DestinationSettings {
            name: "n".into(),
            endpoint: "https://e.example".into(),
            log_format: LogFormat::Cef,
            skip_ssl_verification: false,
        },
        authorization: Authorization::parse(AUTHORIZATION).unwrap(),
    }
}
