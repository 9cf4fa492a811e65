//! Certificates and clocks from the view of a client.

use std::time::{Duration, SystemTime};

use crate::tests::{call, new_destination};
use crate::{Certificate, Emulator, EmulatorOptions, Fault, FaultRule};

fn trusting(authority: &str) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .build()
        .unwrap()
}

async fn asked(client: &reqwest::Client, url: &str) -> Result<u16, String> {
    let url = format!("{url}/eu/v2/audit-log-webhook");
    let response = client.get(url).bearer_auth("kpat_x").send().await;
    response
        .map(|response| response.status().as_u16())
        .map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn https_only_valid_certificate_is_trusted() {
    let options = EmulatorOptions {
        certificate: Some(Certificate::Valid),
        ..EmulatorOptions::default()
    };
    let mut konnect = Emulator::start(options).await.unwrap();
    let client = trusting(&konnect.authority().unwrap());
    assert!(konnect.url().starts_with("https://127.0.0.1:"));
    assert_eq!(asked(&client, &konnect.url()).await, Ok(200));
    for (kind, why) in [
        (Certificate::Valid, None),
        (Certificate::UnknownAuthority, Some("UnknownIssuer")),
        (Certificate::Expired, Some("Expired")),
        (Certificate::OtherName, Some("NotValidForName")),
    ] {
        let url = konnect.also_https(kind).await.unwrap();
        let seen = konnect.requests().len();
        match (asked(&client, &url).await, why) {
            (Ok(status), None) => assert_eq!((status, konnect.requests().len()), (200, seen + 1)),
            (Err(error), Some(why)) => assert!(error.contains(why), "{error}"),
            (other, _) => panic!("{kind:?}: {other:?}"),
        }
    }
    assert_eq!(konnect.requests().len(), 2, "what is not trusted gets no request");
    // Faults also apply to TLS connections.
    konnect.inject(FaultRule::new(Fault::TruncateHeader)).unwrap();
    asked(&client, &konnect.url()).await.unwrap_err();
    konnect.stop().await;
}

#[tokio::test]
async fn clock_offset_applies_to_all_times() {
    let options = EmulatorOptions {
        clock_offset_seconds: -86_400,
        ..EmulatorOptions::default()
    };
    let konnect = Emulator::start(options).await.unwrap();
    for _ in 0..2 {
        let made = call(
            &konnect,
            "POST",
            "/eu/v3/audit-log-destinations",
            new_destination("a"),
        )
        .await;
        let created = made.json()["created_at"].as_str().unwrap().to_owned();
        let yesterday = SystemTime::now() - Duration::from_hours(24);
        for date in [
            humantime::parse_rfc3339(&created).unwrap(),
            httpdate::parse_http_date(&made.headers["date"]).unwrap(),
        ] {
            let off = yesterday.duration_since(date).unwrap_or_else(|e| e.duration());
            assert!(off < Duration::from_hours(1), "{date:?}");
        }
        konnect.reset();
    }
}
