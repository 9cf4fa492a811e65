use super::{CEF_AUTHENTICATION, CEF_AUTHORIZATION, JSON_AUTHORIZATION};
use crate::{Event, Format, Kind, MAX_LINE_BYTES, ParseError, parse};

/// A line in CEF with this extension.
fn cef(extension: &str) -> String {
    format!("2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.x|1|{extension}")
}

#[track_caller]
fn assert_header(event: &Event, expected: &str) {
    let time = event.timestamp.as_ref().unwrap();
    let (vendor, product, version) = (&event.vendor, &event.product, &event.version);
    let (class, name, severity) = (&event.event_class_id, &event.name, event.severity.unwrap());
    let header = format!("{time}|{vendor}|{product}|{version}|{class}|{name}|{severity}");
    assert_eq!(header, expected);
}

#[track_caller]
fn assert_fields(event: &Event, expected: &[(&str, &str)]) {
    let fields: Vec<_> = event
        .fields
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(fields, expected);
}

#[test]
fn parse_documented_cef_authorization_returns_every_field() {
    let event = parse(CEF_AUTHORIZATION).unwrap();
    assert_eq!(event.format, Format::Cef);
    assert_eq!(event.kind, Kind::Authorization);
    let header = "2025-06-18T21:02:36Z|KongInc|Konnect|1.0|konnect|Authz.control-planes|1";
    assert_header(&event, header);
    let fields = [
        ("action", "list"),
        ("cef_version", "0"),
        ("granted", "true"),
        ("org_id", "777db3e4-5cb7-4dd5-b51c-9878096a6999"),
        ("principal_id", "eb999f01-5976-4f4b-9fbc-dd5d514bd675"),
        ("rt", "1750280466889"),
        ("src", "127.0.0.6"),
        ("trace_id", "3959872677347089807"),
        ("user_agent", "grpc-node-js/1.12.4"),
    ];
    assert_fields(&event, &fields);
    assert!(event.signature.unwrap().starts_with("KbLaBhQF"));
}

#[test]
fn parse_documented_cef_authentication_keeps_empty_value() {
    let event = parse(CEF_AUTHENTICATION).unwrap();
    assert_eq!(event.kind, Kind::Authentication);
    let header = "2025-06-23T14:28:47Z|KongInc|Dev-Portal|1.0|AUTHENTICATION_TYPE_BASIC|AUTHENTICATION_OUTCOME_SUCCESS|0";
    assert_header(&event, header);
    assert_eq!(event.fields["request"], "/api/v2/developer/authenticate");
    assert_eq!(event.fields["portal_id"], "3e551b39-227d-4297-b911-e68fd5d77c17");
    assert_eq!(event.fields["user_agent"], "");
    assert!(event.signature.unwrap().starts_with("XQC3OSFx"));
}

#[test]
fn parse_documented_json_keeps_digits_and_booleans() {
    let event = parse(JSON_AUTHORIZATION).unwrap();
    assert_eq!(event.format, Format::Json);
    assert_eq!(event.kind, Kind::Authorization);
    let header = "2023-04-28T20:52:09Z|KongInc|Konnect|1.0|identity|Authz.identity-provider|1";
    assert_header(&event, header);
    let fields = [
        ("action", "read"),
        ("cef_version", "0"),
        ("granted", "true"),
        ("org_id", "b065b594-6afc-4658-9101-5d9cf3f36b7b"),
        ("principal_id", "87655c36-8d63-48fe-9a1e-53b28dfbc19b"),
        ("rt", "1682715129807"),
        ("src", "127.0.0.6"),
        ("trace_id", "3895213347334635099"),
        ("user_agent", "grpc-go/1.54.0"),
    ];
    assert_fields(&event, &fields);
    assert!(event.signature.unwrap().starts_with("Jm73seSw"));
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
fn parse_line_break_at_end_is_ignored() {
    for line in [CEF_AUTHORIZATION, CEF_AUTHENTICATION, JSON_AUTHORIZATION] {
        for end in ["\n", "\r\n"] {
            assert_eq!(parse(&format!("{line}{end}")), parse(line));
        }
    }
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
    let cases = [
        (
            "spaces",
            "user_agent=Mozilla/5.0 (X11; Linux) rt=1",
            "Mozilla/5.0 (X11; Linux)",
        ),
        (
            "json",
            r#"user_agent={"a":"b c","d":[1]} rt=1"#,
            r#"{"a":"b c","d":[1]}"#,
        ),
        ("pipe", "user_agent=a|b rt=1", "a|b"),
        ("equals", "user_agent=/x?a=b&c=d rt=1", "/x?a=b&c=d"),
        ("equals after punctuation", "user_agent=x (a=b) rt=1", "x (a=b)"),
        ("several spaces", "user_agent=x   rt=1", "x  "),
        ("empty", "user_agent= rt=1", ""),
        ("last", "rt=1 user_agent=a b ", "a b "),
        ("escaped key", r"rt=1 user_agent=a src\=b", "a src=b"),
        ("key again", "rt=1 user_agent=a rt=2 b", "a rt=2 b"),
        ("signature inside", "rt=1 user_agent=a sig=b c", "a sig=b c"),
        (
            "signature before the last",
            "rt=1 user_agent=a sig=b sig=c",
            "a sig=b",
        ),
    ];
    for (case, extension, expected) in cases {
        let event = parse(&cef(extension)).unwrap();
        assert_eq!(event.fields["user_agent"], expected, "{case}");
        assert_eq!(event.fields["rt"], "1", "{case}");
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
        (
            "2025-06-18T21:02:36Z konghq.com ",
            "rt=1",
            Some("2025-06-18T21:02:36Z"),
        ),
        ("2025-06-18T21:02:36Z ", "rt=1", Some("2025-06-18T21:02:36Z")),
        // Konnect's form of 2023.
        (
            "Apr 14 05:39:08 konghq.com ",
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
        assert_fields(&event, &[("cef_version", "0")]);
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
    let fields = [
        ("big", "12345678901234567890123"),
        ("float", "1.50e+3"),
        ("list", r#"[1, {"a":2}]"#),
        ("text", "é\n"),
    ];
    assert_fields(&event, &fields);
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
