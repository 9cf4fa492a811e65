//! The client against the emulator, two implementations of the API description that check each other.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this crate is tests, the functions that they share included"
)]

mod cache;

use std::time::Duration;

use konnect::{
    AccessToken, Authorization, Client, ClientOptions, DestinationSettings, LogFormat, NewDestination,
    Region, ServerUrl,
};

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

/// A client of the emulator at this URL.
fn client(url: &str, change: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new(AccessToken::parse("kpat_client-tests").unwrap());
    options.server_url = ServerUrl::parse(&format!("{url}/{{region}}")).unwrap();
    options.first_retry_wait = Duration::ZERO;
    change(&mut options);
    Client::new(options).unwrap()
}

fn new_destination() -> NewDestination {
    NewDestination {
        settings: DestinationSettings {
            name: "n".into(),
            endpoint: "https://e.example".into(),
            log_format: LogFormat::Cef,
            skip_ssl_verification: false,
        },
        authorization: Authorization::parse("Splunk s3cret/Value+1").unwrap(),
    }
}
