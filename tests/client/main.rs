//! The client against the emulator, two implementations of the API description that check each other.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this crate is tests, the functions that they share included"
)]

mod cache;

use std::time::Duration;

use konnect::{AccessToken, Client, ClientOptions, Region, ServerUrl};

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

/// A client of the emulator at this URL.
fn client(url: &str) -> Client {
    let mut options = ClientOptions::new(AccessToken::parse("kpat_client-tests").unwrap());
    options.server_url = ServerUrl::parse(&format!("{url}/{{region}}")).unwrap();
    options.first_retry_wait = Duration::ZERO;
    Client::new(options).unwrap()
}
