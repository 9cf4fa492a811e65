use serde_json::json;

use super::{CEF_AUTHENTICATION, CEF_AUTHORIZATION, JSON_AUTHORIZATION};
use crate::{Event, Format, Kind, MAX_LINE_BYTES, ParseError, parse};

/// A line in CEF with this extension.
fn cef(extension: &str) -> String {
    format!("2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.x|1|{extension}")
}

#[test]
fn parse_documented_line_returns_every_field() {
    let cef = json!({
        "format": "cef", "kind": "authorization", "timestamp": "2025-06-18T21:02:36Z", "vendor": "KongInc",
        "product": "Konnect", "version": "1.0", "event_class_id": "konnect", "name": "Authz.control-planes", "severity": 1,
        "fields": {
            "action": "list", "cef_version": "0", "granted": "true",
            "org_id": "777db3e4-5cb7-4dd5-b51c-9878096a6999", "principal_id": "eb999f01-5976-4f4b-9fbc-dd5d514bd675",
            "rt": "1750280466889", "src": "127.0.0.6", "trace_id": "3959872677347089807",
            "user_agent": "grpc-node-js/1.12.4",
        },
        "signature": "KbLaBhQFnggT_8CyC95b777R1_fGvvLVDn7awjZK8eZLdGPrSvnS-sxJw63j930eKr-VTsQv8-TQTD_GVmAPAQ",
    });
    // The last value is empty.
    let portal = json!({
        "format": "cef", "kind": "authentication", "timestamp": "2025-06-23T14:28:47Z", "vendor": "KongInc",
        "product": "Dev-Portal", "version": "1.0", "event_class_id": "AUTHENTICATION_TYPE_BASIC",
        "name": "AUTHENTICATION_OUTCOME_SUCCESS", "severity": 0,
        "fields": {
            "cef_version": "0", "org_id": "998db3e4-5cb7-4dd5-b51c-9878096a6999",
            "portal_id": "3e551b39-227d-4297-b911-e68fd5d77c17", "principal_id": "a3d2699a-0ed3-4417-bb10-d8e74a1513a4",
            "request": "/api/v2/developer/authenticate", "rt": "1750688927556", "src": "172.71.232.22",
            "success": "true", "trace_id": "3360194145499877252", "user_agent": "",
        },
        "signature": "XQC3OSFxLbi5dy2-o4xAXHT-x8oW5Df-zVsACWQLMU9Q-sPnEyk5CVs4JHwuRcwO0QNLsNaP1wsyrXYPeneXDQ",
    });
    // Numbers keep their digits.
    let json = json!({
        "format": "json", "kind": "authorization", "timestamp": "2023-04-28T20:52:09Z", "vendor": "KongInc",
        "product": "Konnect", "version": "1.0", "event_class_id": "identity", "name": "Authz.identity-provider",
        "severity": 1,
        "fields": {
            "action": "read", "cef_version": "0", "granted": "true",
            "org_id": "b065b594-6afc-4658-9101-5d9cf3f36b7b", "principal_id": "87655c36-8d63-48fe-9a1e-53b28dfbc19b",
            "rt": "1682715129807", "src": "127.0.0.6", "trace_id": "3895213347334635099",
            "user_agent": "grpc-go/1.54.0",
        },
        "signature": "Jm73seSwAiacSBysDmgQ3D_R_1c39_T0Iuus9GqUEnAjCc-UnyKhFgS8jDx5UIl4J6PTCH5ouuPizwnjnMDECg",
    });
    for (line, expected) in [
        (CEF_AUTHORIZATION, cef),
        (CEF_AUTHENTICATION, portal),
        (JSON_AUTHORIZATION, json),
    ] {
        let event = parse(line).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), expected);
        for end in ["\n", "\r\n"] {
            assert_eq!(parse(&format!("{line}{end}")), Ok(event.clone()));
        }
    }
}

#[test]
fn parse_cps_equals_json_but_for_format() {
    let json = parse(JSON_AUTHORIZATION).unwrap();
    let inside = parse(&format!(r#"{{"event":{JSON_AUTHORIZATION}}}"#)).unwrap();
    let expected = Event {
        format: Format::Cps,
        ..json
    };
    assert_eq!(inside, expected);

    let (object, sig) = JSON_AUTHORIZATION.split_once(r#","sig""#).unwrap();
    let beside = parse(&format!(r#"{{"event":{object}}},"sig"{sig}"#)).unwrap();
    assert_eq!(beside, expected);
}

#[test]
fn kind_of_name_is_documented_one() {
    let cases = [
        ("AUTHENTICATION_OUTCOME_LOCKED", Kind::Authentication),
        ("Authz.control-planes/*", Kind::Authorization),
        ("Ingress", Kind::Access),
        ("Ingress2", Kind::Other),
        ("authz.organization", Kind::Other),
        ("", Kind::Other),
    ];
    for (name, kind) in cases {
        assert_eq!(Kind::of(name), kind, "{name:?}");
    }
}

#[test]
fn parse_cef_value_ends_at_next_key() {
    for (extension, expected) in [
        (
            "user_agent=Mozilla/5.0 (X11; Linux) rt=1",
            "Mozilla/5.0 (X11; Linux)",
        ),
        (r#"user_agent={"a":"b c","d":[1]} rt=1"#, r#"{"a":"b c","d":[1]}"#),
        ("user_agent=a|b rt=1", "a|b"),
        ("user_agent=/x?a=b&c=d rt=1", "/x?a=b&c=d"),
        ("user_agent=x (a=b) rt=1", "x (a=b)"),
        ("user_agent=x   rt=1", "x  "),
        ("user_agent= rt=1", ""),
        ("rt=1 user_agent=a b ", "a b "),
        (r"rt=1 user_agent=a src\=b", "a src=b"),
        // A key again, and a signature that is not the last field.
        ("rt=1 user_agent=a rt=2 b", "a rt=2 b"),
        ("rt=1 user_agent=a sig=b c", "a sig=b c"),
        ("rt=1 user_agent=a sig=b sig=c", "a sig=b"),
    ] {
        let event = parse(&cef(extension)).unwrap();
        assert_eq!(event.fields["user_agent"], expected, "{extension}");
        assert_eq!(event.fields["rt"], "1", "{extension}");
    }
}

#[test]
fn parse_cef_escapes_are_those_of_standard() {
    let cases = [
        (r"a\\b", r"a\b"),
        (r"a\=b", "a=b"),
        (r"a\nb\rc", "a\nb\rc"),
        (r"a\\nb", r"a\nb"),
        // These are not escapes in an extension.
        (r#"a\"b\|c\t"#, r#"a\"b\|c\t"#),
        (r"a\", r"a\"),
    ];
    for (value, expected) in cases {
        let event = parse(&cef(&format!("query={value}"))).unwrap();
        assert_eq!(event.fields["query"], expected, "{value:?}");
    }
    let event = parse(r"t h CEF:0|Kong\|Inc|a\\|\n\=|c|Ingress|1|rt=1").unwrap();
    let header = [event.vendor, event.product, event.version, event.event_class_id];
    assert_eq!(header, ["Kong|Inc", r"a\", r"\n\=", "c"]);
}

#[test]
fn parse_timestamp_is_rfc_3339_from_line_or_rt() {
    let cases = [
        ("2025-06-18T21:02:36Z h ", "rt=1", Some("2025-06-18T21:02:36Z")),
        ("2025-06-18T21:02:36Z ", "rt=1", Some("2025-06-18T21:02:36Z")),
        // Konnect's form of 2023.
        (
            "Apr 14 05:39:08 h ",
            "rt=1681450748123",
            Some("2023-04-14T05:39:08Z"),
        ),
        ("konghq.com ", "rt=-1", Some("1969-12-31T23:59:59Z")),
        ("", "rt=0", Some("1970-01-01T00:00:00Z")),
        ("Apr 14 05:39:08 konghq.com ", "rt=", None),
        ("Apr 14 05:39:08 konghq.com ", "src=::1", None),
        ("0001-01-01T00:00:0Z konghq.com ", "rt=x", None),
        ("t h ", "rt=9223372036854775807", None),
        ("t h ", "rt=-9223372036854775808", None),
    ];
    for (prefix, extension, timestamp) in cases {
        let line = format!("{prefix}CEF:0|KongInc|Konnect|1.0|c|Ingress|1|{extension}");
        let event = parse(&line).unwrap();
        assert_eq!(event.timestamp.as_deref(), timestamp, "{line}");
    }
    let event = parse(r#"{"name":"Ingress","event_ts":"Apr 14 05:39:08","rt":1681450748123}"#).unwrap();
    assert_eq!(event.timestamp.as_deref(), Some("2023-04-14T05:39:08Z"));
    assert_eq!(event.fields["rt"], "1681450748123");
}

#[test]
fn parse_cef_without_extension_has_no_fields() {
    for end in ["", "|", "| "] {
        let event = parse(&format!("t h CEF:0|KongInc|Konnect|1.0|c|Ingress|High{end}")).unwrap();
        assert_eq!(event.fields, [("cef_version".to_owned(), "0".to_owned())].into());
        assert_eq!((event.severity, event.signature), (None, None));
    }
}

#[test]
fn parse_empty_signature_is_none() {
    assert_eq!(parse(&cef("rt=1 user_agent= sig=")).unwrap().signature, None);
    assert_eq!(parse(r#"{"name":"Ingress","sig":""}"#).unwrap().signature, None);
    assert_eq!(parse(r#"{"name":"Ingress","sig":null}"#).unwrap().signature, None);
}

#[test]
fn parse_json_value_is_text() {
    let line = r#"{"big":12345678901234567890123, "float":1.50e+3, "none":null, "list":[1, {"a":2}], "text":"\u00e9\n",
                   "severity":"6", "name":"Ingress"}"#;
    let event = parse(line).unwrap();
    let list = r#"[1, {"a":2}]"#;
    let fields = json!({"big": "12345678901234567890123", "float": "1.50e+3", "list": list, "text": "é\n"});
    assert_eq!(json!(event.fields), fields);
    assert_eq!((event.severity, event.timestamp), (Some(6), None));
}

#[test]
fn parse_json_with_name_and_event_is_not_cps() {
    let event = parse(r#"{"name":"Ingress","event":{"name":"x"}}"#).unwrap();
    assert_eq!((event.format, event.kind), (Format::Json, Kind::Access));
}

#[test]
fn parse_other_text_reports_error_without_quoting_it() {
    let long = format!("{{\"name\":\"s3cret{}\"}}", "x".repeat(MAX_LINE_BYTES));
    let deep = format!("{{\"s3cret\":{}", "[".repeat(500_000));
    let cases = [
        ("", ParseError::Empty),
        (" \t\r\n", ParseError::Empty),
        ("s3cret", ParseError::UnknownFormat),
        ("[\"s3cret\"]", ParseError::UnknownFormat),
        ("s3cretCEF:0|a|b|c|d|e|1|", ParseError::UnknownFormat),
        ("CEF:0|s3cret|b|c|d|e", ParseError::CefHeader(6)),
        ("CEF:", ParseError::CefHeader(1)),
        (r"CEF:0|s3cret\|b|c|d|e|1", ParseError::CefHeader(6)),
        ("CEF:0|a|b|c|d|e|1|s3cret", ParseError::CefExtension),
        ("CEF:0|a|b|c|d|e|1|=s3cret", ParseError::CefExtension),
        ("CEF:0|a|b|c|d|e|1|rt=1\nCEF:s3cret", ParseError::SeveralLines),
        ("{", ParseError::Json { line: 1, column: 1 }),
        (r#"{"name":"s3cret"} x"#, ParseError::Json { line: 1, column: 19 }),
        (
            r#"{"name":"s3cret\ud800"}"#,
            ParseError::Json { line: 1, column: 0 },
        ),
        (
            r#"{"name":"Ingress","s3cret":1,"s3cret":2}"#,
            ParseError::DuplicateKey,
        ),
        (r#"{"s3cret":1}"#, ParseError::NoName),
        (r#"{"event":{"s3cret":1}}"#, ParseError::NoName),
        (&long, ParseError::TooLong(long.len())),
        (
            &deep,
            ParseError::Json {
                line: 1,
                column: deep.len(),
            },
        ),
    ];
    for (line, expected) in cases {
        let error = parse(line).unwrap_err();
        let start: String = line.chars().take(60).collect();
        assert_eq!(error, expected, "{start:?}");
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{start:?}: {error}"
        );
    }
}
