//! The client against a loopback server with scripted answers.

mod answers;
mod calls;
mod connections;
mod gate;
mod lost;
mod retries;
mod server;
mod server_urls;

use crate::{Authorization, DestinationId, LogFormat, NewDestination, Region};

const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";
const DESTINATION: &str = r#"{"id": "6945c4c4-3e06-4c5c-87e0-726d0cda4e05", "name": "n", "endpoint": "https://e.example", "log_format": "cef"}"#;
const AUTHORIZATION: &str = "Splunk s3cret/Value+1";

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

fn id() -> DestinationId {
    DestinationId::parse(ID).unwrap()
}

fn new_destination() -> NewDestination {
    NewDestination {
        name: "n".into(),
        endpoint: "https://e.example".into(),
        authorization: Authorization::parse(AUTHORIZATION).unwrap(),
        log_format: LogFormat::Cef,
        skip_ssl_verification: None,
    }
}
