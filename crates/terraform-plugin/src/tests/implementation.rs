//! The check of everything that a provider declares.

use crate::tests::actions::Act;
use crate::tests::functions::Join;
use crate::tests::lists::List;
use crate::tests::toy::Data;
use crate::*;

/// A provider with invalid declarations, such as a list resource without a resource.
struct Invalid;

/// Invalid.
#[derive(Model)]
struct Config {
    /// Reserved.
    #[tf(optional)]
    #[allow(dead_code, reason = "it is never configured")]
    alias: Attr<String>,
}

impl Provider for Invalid {
    type Config = Config;
    type Data = Data;

    fn metadata(&self) -> Metadata {
        Metadata::new("example/other", "1.0.0", "Invalid.")
    }

    fn register(&self, registry: &mut Registry<Data>) {
        registry
            .list_resource(List)
            .action(Act)
            .action(Act)
            .function(Join)
            .function(Join);
    }

    async fn configure(&self, _: &mut ConfigureCall<Config>) -> Result<Data, Diagnostics> {
        Err(Diagnostics::new())
    }
}

#[test]
fn validate_implementation_invalid_provider_reports_each_error() {
    assert_eq!(
        validate_implementation(Invalid),
        [
            "provider: alias: reserved for Terraform",
            "list resource: toy_thing: not a valid type name that begins with other_",
            "action: toy_act: not a valid type name that begins with other_",
            "action: toy_act: not a valid type name that begins with other_",
            "toy_thing: no resource of this type with an identity",
            "join: declared twice",
        ]
    );
}
