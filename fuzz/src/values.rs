//! The values that a host can send, as bytes of a fuzzer.

use std::sync::LazyLock;

use terraform_plugin::protocol::codec::{decode, encode};
use terraform_plugin::protocol::proto::tfplugin6::DynamicValue;
use terraform_plugin::protocol::{ClientCapabilities, NumberForm, ServeMode, Server, StateResponse};
use terraform_plugin::{MoveSource, Number, Private, Type, Value};
use terraform_provider_konnect::KonnectProvider;

static SERVER: LazyLock<Server<KonnectProvider>> =
    LazyLock::new(|| Server::new(KonnectProvider, ServeMode::Debug));
const HOST: ClientCapabilities = ClientCapabilities {
    write_only_attributes: true,
};

/// A value in msgpack. The first byte selects its type: that of a resource, of a data source or of the provider block,
/// or a dynamic type, alone or in a list, set or tuple. The function validates the value, encodes it, and decodes it
/// again.
///
/// # Panics
/// If the decoded value differs.
pub fn msgpack(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    let wire = DynamicValue {
        msgpack: bytes.to_vec(),
        json: Vec::new(),
    };
    value(*choice, &wire);
}

/// JSON of a host: a state, a state to be moved, private data, a number or a value. The first byte selects which.
///
/// # Panics
/// If a value or a number differs after it is written and read again.
pub fn json(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    match choice {
        b's' => upgrade(bytes),
        b'm' => moved(bytes),
        b'p' => {
            let mut private = Private::from_bytes(bytes);
            let again = Private::from_bytes(&private.to_bytes());
            assert_eq!(again.to_bytes(), private.to_bytes());
            let _ = private.get::<String>("written_at");
            private.set("written_at", &"now");
        }
        b'n' => {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(number) = Number::parse(&text) {
                let again = match number.form() {
                    NumberForm::Integer(i) => Some(Number::from(*i)),
                    NumberForm::Float(f) => Number::from_f64(*f),
                    NumberForm::Decimal(d) => Number::parse(d).ok(),
                };
                assert_eq!(again.as_ref(), Some(&number), "{text}");
            }
        }
        choice => {
            let wire = DynamicValue {
                msgpack: Vec::new(),
                json: bytes.to_vec(),
            };
            value(*choice, &wire);
        }
    }
}

fn value(choice: u8, wire: &DynamicValue) {
    let server = &*SERVER;
    let resources: Vec<_> = server.resources().map(|(name, _)| name).collect();
    let sources: Vec<_> = server.data_sources().map(|(name, _)| name).collect();
    let choice = usize::from(choice) % (resources.len() + sources.len() + 5);
    if let Some(name) = resources.get(choice) {
        let Ok(resource) = server.resource(name) else {
            return;
        };
        let of = resource.schema().object_type();
        if let Some(config) = the_same(wire, of) {
            let _ = resource.validate(&config, HOST);
        }
    } else if let Some(name) = sources.get(choice - resources.len()) {
        let Ok(source) = server.data_source(name) else {
            return;
        };
        let of = source.schema().object_type();
        if let Some(config) = the_same(wire, of) {
            let _ = source.validate(&config);
        }
    } else {
        let of = match choice - resources.len() - sources.len() {
            0 => {
                if let Some(block) = the_same(wire, server.schema().object_type()) {
                    server.validate_provider(&block);
                }
                return;
            }
            1 => Type::Dynamic,
            2 => Type::list(Type::Dynamic),
            3 => Type::set(Type::map(Type::Number)),
            _ => Type::Tuple(vec![Type::Bool, Type::String, Type::Number, Type::Dynamic]),
        };
        the_same(wire, &of);
    }
}

/// The value, which stays the same when it is written and read again.
fn the_same(wire: &DynamicValue, of: &Type) -> Option<Value> {
    let value = decode(Some(wire), of).ok()?;
    let again = decode(Some(&encode(&value, of)), of);
    assert!(
        again.is_ok_and(|again| again == value),
        "{value:?} is read as another value"
    );
    Some(value)
}

/// A stored state: which resource, of which version, and the JSON.
fn upgrade(bytes: &[u8]) {
    let ([which, version, json @ ..], server) = (bytes, &*SERVER) else {
        return;
    };
    let names: Vec<_> = server.resources().map(|(name, _)| name).collect();
    let (Ok(resource), Ok(state)) = (
        server.resource(names[usize::from(*which) % names.len()]),
        serde_json::from_slice(json),
    ) else {
        return;
    };
    let version = i64::from(*version) - i64::from(b'0');
    let _ = resource.upgrade_identity(version, &state);
    let StateResponse { state, .. } = resource.upgrade(version, state);
    let _ = encode(&state, resource.schema().object_type());
}

/// A state to be moved: which resource to, from which type, and the JSON.
fn moved(bytes: &[u8]) {
    let ([which, from, json @ ..], server) = (bytes, &*SERVER) else {
        return;
    };
    let names: Vec<_> = server.resources().map(|(name, _)| name).collect();
    let types = [
        "konnect_audit_log",
        "konnect_audit_log_destination",
        "konnect_audit_log_webhook",
    ];
    let (Ok(resource), Ok(state)) = (
        server.resource(names[usize::from(*which) % names.len()]),
        serde_json::from_slice(json),
    ) else {
        return;
    };
    let source = MoveSource {
        provider: "registry.terraform.io/kong/konnect".to_owned(),
        type_name: types[usize::from(*from) % types.len()].to_owned(),
        version: 0,
        state,
    };
    let StateResponse { state, .. } = resource.move_state(&source);
    let _ = encode(&state, resource.schema().object_type());
}
