//! The check of everything that a provider declares.

use async_trait::async_trait;

use crate::tests::actions::Act;
use crate::tests::functions::Join;
use crate::tests::lists::List;
use crate::tests::toy::{Config, Data};
use crate::*;

/// A provider with invalid declarations, such as a list resource without a resource.
struct Invalid;

#[async_trait]
impl Provider for Invalid {
    type Config = Config;
    type Data = Data;

    fn metadata(&self) -> Metadata {
        Metadata {
            address: "example/other",
            name: "other",
            version: "1.0.0",
            description: "Invalid.",
            log_targets: &[],
        }
    }

    fn schema(&self) -> Schema {
        let alias = Attribute::string("alias").optional().description("Reserved.");
        Schema::new("Invalid.", [alias])
    }

    async fn configure(&self, _: &mut ConfigureCall<Config>) -> Result<Data, Diagnostics> {
        Err(Diagnostics::new())
    }

    fn resources(&self) -> Vec<ServedResource<Data>> {
        Vec::new()
    }

    fn data_sources(&self) -> Vec<ServedDataSource<Data>> {
        Vec::new()
    }

    fn list_resources(&self) -> Vec<ServedListResource<Data>> {
        vec![ServedListResource::new(List)]
    }

    fn actions(&self) -> Vec<ServedAction<Data>> {
        vec![ServedAction::new(Act), ServedAction::new(Act)]
    }

    fn functions(&self) -> Vec<ServedFunction> {
        vec![ServedFunction::new(Join), ServedFunction::new(Join)]
    }
}

#[test]
fn validate_implementation_invalid_provider_reports_each_error() {
    let server = Server::new(Invalid, ServeMode::Managed);
    assert_eq!(
        server.validate_implementation(),
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

#[test]
fn validate_implementation_computed_argument_is_error() {
    let inner = [Attribute::string("b").computed()];
    let schema = Schema::new("", [Attribute::nested("a", Nesting::List, inner).optional()]);
    assert_eq!(
        schema.validate_without_computed(),
        ["a.b: computed, in a block of arguments"]
    );
}
