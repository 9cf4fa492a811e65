//! Round trips of generated values, and invalid bytes.

use proptest::prelude::*;

use super::*;

fn arb_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::String),
        Just(Type::Number),
        Just(Type::Bool),
        Just(Type::Dynamic)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4).prop_map(Type::Object),
        ]
    })
}

fn arb_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("NaN is no number", Number::from_f64),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,40})?".prop_map(|s| Number::parse(&s).unwrap()),
    ]
}

fn arb_value(ty: &Type, depth: u32) -> BoxedStrategy<Value> {
    let known: BoxedStrategy<Value> = match ty {
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => arb_number().prop_map(Value::Number).boxed(),
        Type::Dynamic if depth == 0 => Just(Value::Null).boxed(),
        // A dynamic value never has the type dynamic: the host sends such values without a type.
        Type::Dynamic => arb_type()
            .prop_filter("a dynamic value has an actual type", |t| *t != Type::Dynamic)
            .prop_flat_map(move |t| {
                arb_value(&t, depth - 1).prop_map(move |v| Value::Dynamic(t.clone(), Box::new(v)))
            })
            .boxed(),
        Type::List(ty) => prop::collection::vec(arb_value(ty, depth), 0..4)
            .prop_map(Value::List)
            .boxed(),
        Type::Set(ty) => prop::collection::vec(arb_value(ty, depth), 0..4)
            .prop_map(Value::Set)
            .boxed(),
        Type::Map(ty) => prop::collection::btree_map(any::<String>(), arb_value(ty, depth), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => types
            .iter()
            .map(|ty| arb_value(ty, depth))
            .collect::<Vec<_>>()
            .prop_map(Value::Tuple)
            .boxed(),
        Type::Object(types) => {
            let names: Vec<_> = types.keys().cloned().collect();
            let values: Vec<_> = types.values().map(|ty| arb_value(ty, depth)).collect();
            values
                .prop_map(move |values| Value::Object(names.iter().cloned().zip(values).collect()))
                .boxed()
        }
    };
    prop_oneof![1 => Just(Value::Null), 1 => Just(Value::Unknown), 8 => known].boxed()
}

proptest! {
    #[test]
    fn encode_any_value_round_trips(
        (ty, value) in arb_type().prop_flat_map(|ty| { let v = arb_value(&ty, 2); (Just(ty), v) })
    ) {
        let wire = encode(&value, &ty);
        let back = decode(Some(&wire), &ty).unwrap();
        prop_assert!(back == value);
        prop_assert!(value.shaped(&ty).unwrap() == back);
    }

    #[test]
    fn decode_any_bytes_never_panics(
        ty in arb_type(),
        msgpack in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        // A decoded value matches its type exactly.
        if let Ok(value) = decode(Some(&DynamicValue { msgpack, json: Vec::new() }), &ty) {
            prop_assert!(value.clone().shaped(&ty).unwrap() == value);
        }
    }

    #[test]
    fn decode_truncated_value_is_error(
        (ty, value) in arb_type().prop_flat_map(|ty| { let v = arb_value(&ty, 2); (Just(ty), v) }),
        cut in 0.0..1.0_f64,
    ) {
        let mut wire = encode(&value, &ty);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "any length below that of the message will do"
        )]
        let length = (wire.msgpack.len() as f64 * cut) as usize;
        prop_assume!(length > 0);
        wire.msgpack.truncate(length);
        prop_assert!(decode(Some(&wire), &ty).is_err());
    }
}

fn msgpack(bytes: &[u8], ty: &Type) -> Result<Value> {
    decode(
        Some(&DynamicValue {
            msgpack: bytes.to_vec(),
            json: Vec::new(),
        }),
        ty,
    )
}

/// The protocol specifies extension type 0 with one zero byte.
#[test]
fn encode_unknown_matches_protocol() {
    assert_eq!(encode(&Value::Unknown, &Type::String).msgpack, [0xd4, 0x00, 0x00]);
    assert_eq!(msgpack(&[0xd4, 0x00, 0x00], &Type::String), Ok(Value::Unknown));
    // With refinements: extension type 12 with a map that specifies that the value is not null.
    assert_eq!(
        msgpack(&[0xc7, 0x03, 0x0c, 0x81, 0x01, 0xc2], &Type::String),
        Ok(Value::Unknown)
    );
    assert!(msgpack(&[0xd4, 0x05, 0x00], &Type::String).is_err());
}

#[test]
fn encode_number_uses_shortest_exact_form() {
    let bytes = |text| encode(&Value::Number(Number::parse(text).unwrap()), &Type::Number).msgpack;
    assert_eq!(bytes("7"), [7]);
    assert_eq!(bytes("-1"), [0xff]);
    assert_eq!(bytes("0.5")[0], 0xcb);
    assert_eq!(bytes("0.1"), b"\xa30.1");
}

#[test]
fn decode_object_needs_every_attribute_once() {
    let ty = Type::Object(BTreeMap::from([
        ("a".to_owned(), Type::Bool),
        ("b".to_owned(), Type::Bool),
    ]));
    assert_eq!(msgpack(b"\x81\xa1a\xc3", &ty), Err(KEYS));
    assert_eq!(msgpack(b"\x82\xa1a\xc3\xa1a\xc3", &ty), Err(KEYS));
    assert_eq!(msgpack(b"\x83\xa1a\xc3\xa1b\xc3\xa1c\xc3", &ty), Err(KEYS));
    assert!(msgpack(b"\x82\xa1a\xc3\xa1b\xc0", &ty).is_ok());
}

#[test]
fn decode_trailing_or_invalid_bytes_is_error() {
    assert_eq!(msgpack(b"\xc3\xc3", &Type::Bool), Err(LONG));
    assert_eq!(msgpack(b"\xa2a", &Type::String), Err(SHORT));
    assert!(msgpack(b"\xa2\xff\xfe", &Type::String).is_err());
    // A declared length of four billion elements reserves no memory.
    assert!(msgpack(b"\xdd\xff\xff\xff\xff\xc0", &Type::list(Type::Bool)).is_err());
}

#[test]
fn decode_too_deep_or_too_large_is_error() {
    // Nested dynamic values.
    let mut deep = b"\xc0".to_vec();
    for _ in 0..MAX_DEPTH {
        let mut outer = b"\x92\xc4\x12[\"list\",\"dynamic\"]\x91".to_vec();
        outer.append(&mut deep);
        deep = outer;
    }
    assert_eq!(msgpack(&deep, &Type::Dynamic), Err(EXCESS));

    let mut wide = vec![0xdd];
    wide.extend(u32::try_from(MAX_VALUES + 1).unwrap().to_be_bytes());
    wide.extend(std::iter::repeat_n(0xc0, MAX_VALUES + 1));
    assert_eq!(msgpack(&wide, &Type::list(Type::Bool)), Err(EXCESS));
}

#[test]
fn decode_absent_is_null_and_json_is_accepted() {
    assert_eq!(decode(None, &Type::Bool), Ok(Value::Null));
    assert_eq!(
        decode(Some(&DynamicValue::default()), &Type::Bool),
        Ok(Value::Null)
    );
    let json = |text: &str| {
        decode(
            Some(&DynamicValue {
                json: text.into(),
                msgpack: Vec::new(),
            }),
            &Type::list(Type::Bool),
        )
    };
    assert_eq!(
        json("[true,null]"),
        Ok(Value::List(vec![true.into(), Value::Null]))
    );
    assert!(json(&"[".repeat(100_000)).is_err());
    let broken = json(r#"["s3cret"#).unwrap_err().to_string();
    assert!(!broken.contains("s3cret"), "{broken}");
}
