//! The token is only sent to the configured host.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpListener;

use konnect_emulator::{Fault, FaultRule};

use crate::workspace::{Block, TOKEN, Workspace};

#[test]
fn redirect_to_other_host_errors_and_is_not_followed() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let place = format!(
        "http://localhost:{}/v3/elsewhere",
        other.local_addr().unwrap().port()
    );
    let workspace = Workspace::of(Block::destination("siem"));
    for code in [301, 307, 308] {
        let redirect = Fault::Status {
            code,
            headers: BTreeMap::from([("location".to_owned(), place.clone())]),
            body: None,
            content_type: None,
        };
        workspace
            .konnect
            .inject(FaultRule::new(redirect).method("POST"))
            .unwrap();
        let error = workspace.apply_error();
        assert!(error.text().contains("localhost"), "{code}: {error:?}");
        assert_eq!(
            other.accept().unwrap_err().kind(),
            ErrorKind::WouldBlock,
            "{code}: a request arrived"
        );
        assert_eq!(workspace.state().addresses(), [""; 0]);
    }
    let sent = workspace.konnect.take_requests();
    let bearer = format!("Bearer {TOKEN}");
    assert!(!sent.is_empty() && sent.iter().all(|r| r.has_authorization(&bearer)));
    assert!(!workspace.printed().contains(TOKEN));
}
