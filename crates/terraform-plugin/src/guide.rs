//! One page for each task.

/// Nested values and collections.
///
/// A nested object is another struct with `#[derive(Model)]`, without a description of its own: the field has it. A `Vec`
/// is a list, with `#[tf(set)]` a set, and a `BTreeMap<String, _>` a map. What the user sets can be unknown in each
/// element, so elements that are not structs are `Attr` as well.
///
/// ```
/// use std::collections::BTreeMap;
/// use terraform_plugin::{Attr, Model};
///
/// /// A firewall.
/// #[derive(Clone, Model)]
/// struct Firewall {
///     /// The rules, in any order.
///     #[tf(required, set)]
///     rules: Attr<Vec<Rule>>,
///     /// Labels by name.
///     #[tf(optional)]
///     labels: Attr<BTreeMap<String, Attr<String>>>,
///     /// The addresses that the service assigns.
///     #[tf(computed)]
///     addresses: Attr<Vec<String>>,
/// }
///
/// #[derive(Clone, Model)]
/// #[tf(exactly_one_of(port, service))]
/// struct Rule {
///     /// A port.
///     #[tf(optional)]
///     port: Attr<i64>,
///     /// The name of a service.
///     #[tf(optional)]
///     service: Attr<String>,
///     /// The id of the rule.
///     #[tf(computed, use_state_for_unknown)]
///     id: Attr<String>,
/// }
/// ```
///
/// An element that is added gets unknown computed values. The other elements keep theirs: those of a list by position,
/// of a map by key, of a set by what the user sets in them. So a list suits computed values only if its order means
/// something: an element that is inserted at the front takes over the values of the one before. Use a map or a set
/// otherwise.
/// `create` and `update` set the unknown ones:
///
/// ```
/// # use terraform_plugin::{Attr, Model};
/// # #[derive(Clone, Model)]
/// # struct Rule {
/// #     /// The id of the rule.
/// #     #[tf(computed, use_state_for_unknown)]
/// #     id: Attr<String>,
/// # }
/// # let mut rules = Attr::Known(vec![Rule { id: Attr::Unknown }]);
/// if let Attr::Known(rules) = &mut rules {
///     for rule in rules.iter_mut().filter(|rule| rule.id.is_unknown()) {
///         rule.id = "assigned by the service".into();
///     }
/// }
/// ```
///
/// An element can be null, as in `["a", null]`, unless [`Validator::no_null`](crate::Validator::no_null) is a rule of the
/// attribute. An error in an element has its path: `path!(disks[0].path)`, or for a set the path of the set itself. Null
/// and an empty collection differ: return what the plan has, if the service does not tell them apart.
///
/// A type without a counterpart does not compile:
///
/// ```compile_fail,E0277
/// use terraform_plugin::{Attr, Model};
///
/// #[derive(Model)]
/// struct Wrong {
///     /// A time.
///     #[tf(optional)]
///     at: Attr<std::time::SystemTime>,
/// }
/// ```
///
/// For a type with a text form, such as an enum with serde, use `#[tf(text)]`. For others, implement
/// [`AttributeType`](crate::AttributeType).
pub mod nested_values {}

/// Secrets.
///
/// A [`Secret`](crate::Secret) omits its value in `Debug`, and erases it from memory. Give it one of two options:
///
/// - `sensitive`: the value is in plan and state, and the CLI hides it. Diagnostics and logs do not contain it.
/// - `write_only`: the value is in the configuration only. Read it from `call.config` in `create` and `update`. No state
///   can be compared with it, so add an attribute for its version, and send the value when the version changes.
///
/// ```
/// use terraform_plugin::{Attr, Model, Secret};
///
/// /// A user.
/// #[derive(Clone, Model)]
/// #[tf(required_with(password_wo, password_wo_version))]
/// struct User {
///     /// The password. It is never stored.
///     #[tf(optional, write_only)]
///     password_wo: Attr<Secret>,
///     /// The version of the password: a new value is sent when it changes.
///     #[tf(optional)]
///     password_wo_version: Attr<i64>,
/// }
/// ```
///
/// `update` sends it if `call.state.password_wo_version != call.planned.password_wo_version`. `read` returns the stored
/// version, since the service does not know it. An import has none: the first plan then sets the version, and its apply
/// sends the password.
///
/// A URL can contain a secret and still be worth showing: `redact_parts` names the parts that messages hide. Never put a
/// secret into the text of a function's error: it can be an argument.
pub mod secrets {}

/// From a model to a request, and back.
///
/// The types of a service's API have serde; a model has not, since each of its values can be unknown. Convert field by
/// field: `require` returns a value or an error on the attribute, `known` an `Option`, and `From` converts back.
///
/// ```
/// use terraform_plugin::{Attr, Diagnostics, Model};
///
/// /// A server.
/// #[derive(Clone, Model)]
/// struct Server {
///     /// The name.
///     #[tf(required)]
///     name: Attr<String>,
///     /// The size.
///     #[tf(optional)]
///     size: Attr<i64>,
/// }
///
/// struct Request {
///     name: String,
///     size: Option<i64>,
/// }
///
/// fn request(server: &Server) -> Result<Request, Diagnostics> {
///     Ok(Request {
///         name: server.name.require("name")?.clone(),
///         size: server.size.known().copied(),
///     })
/// }
///
/// fn model(response: Request) -> Server {
///     Server {
///         name: response.name.into(),
///         size: response.size.into(),
///     }
/// }
/// ```
///
/// `read` and an import return what the service returns, and keep from `call.state` what it omits. `call.stop` is
/// cancelled when the user interrupts the command: end a wait then, and return the object as it is, in `partial_state` if
/// a change is only partly done.
pub mod requests {}

/// Private state: values that Terraform stores with an object, and that only the provider reads.
///
/// ```
/// # use terraform_plugin::Private;
/// # let mut private = Private::default();
/// private.set("etag", &"abc"); // `call.private` in create, read, update and plan
/// assert_eq!(private.get::<String>("etag").as_deref(), Some("abc"));
/// ```
///
/// What the plan stores reaches the apply, which stores what the next refresh reads. It is plain text: no secrets.
pub mod private_state {}

/// The upgrade of stored states.
///
/// Increment `#[tf(version = ..)]` when an attribute is renamed or changes its type, and convert older states in
/// [`Resource::upgrade_state`](crate::Resource::upgrade_state). A new or removed attribute needs neither. For the state
/// of another resource type, implement [`Resource::move_state`](crate::Resource::move_state).
///
/// ```
/// # use terraform_plugin::{Diagnostics, serde_json::Value as Json};
/// fn upgrade_state(_version: i64, mut state: Json) -> Result<Json, Diagnostics> {
///     state["name"] = state["hostname"].take();
///     Ok(state)
/// }
/// ```
pub mod upgrade {}

/// The plan hook.
///
/// The crate plans before the hook runs: configured values as they are, defaults, and prior values. If an argument
/// changes, the computed values that have no `use_state_for_unknown` are unknown. The hook sets those that it knows:
///
/// ```
/// # use terraform_plugin::*;
/// # /// A thing.
/// # #[derive(Clone, Model)]
/// # struct Thing {
/// #     /// A.
/// #     #[tf(required)]
/// #     name: Attr<String>,
/// #     /// B.
/// #     #[tf(computed)]
/// #     url: Attr<String>,
/// # }
/// # struct Things;
/// # impl Resource for Things {
/// #     type Data = ();
/// #     type Model = Thing;
/// #     fn type_name(&self) -> &'static str { "example_thing" }
/// #     async fn create(&self, _: &mut CreateCall<'_, Self>) -> Result<Thing, Diagnostics> { unimplemented!() }
/// #     async fn read(&self, _: &mut ReadCall<'_, Self>) -> Result<Option<Thing>, Diagnostics> { unimplemented!() }
/// #     async fn update(&self, _: &mut UpdateCall<'_, Self>) -> Result<Thing, Diagnostics> { unimplemented!() }
/// #     async fn delete(&self, _: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> { unimplemented!() }
/// async fn plan(&self, call: &mut PlanCall<'_, Self>) -> Result<(), Diagnostics> {
///     call.planned.url = call.config.name.as_deref().map(|name| format!("https://example.com/{name}"));
///     Ok(())
/// }
/// # }
/// ```
///
/// [`PlanCall::update`](crate::PlanCall::update) plans an update although no argument changes, and `requires_replace`
/// adds attributes whose change replaces the object. A configured value cannot be changed.
///
/// `terraform destroy` plans first. If the hook fails there, nothing can be destroyed: warn instead.
pub mod plan_hook {}

/// Values that the service returns in another form: a URL with a slash, an id in another letter case.
///
/// Terraform refuses a state that differs from the plan, and taints a created object. With `semantic_equality`, a value
/// that means the same is no difference: plan, state and identity keep the value of the user.
///
/// ```
/// use terraform_plugin::{Attr, Model};
///
/// /// A link.
/// #[derive(Clone, Model)]
/// struct Link {
///     /// The id of the target, a UUID.
///     #[tf(required, semantic_equality = str::eq_ignore_ascii_case)]
///     target: Attr<String>,
/// }
/// ```
///
/// Any other difference after a change is a warning, and the state contains the planned value. The next plan shows it.
pub mod semantic_equality {}

/// Tests.
///
/// - A unit test asserts that [`validate_implementation`](crate::validate_implementation) returns no
///   errors. It finds what a host refuses, and options without an effect.
/// - Acceptance tests run the built program with Terraform or OpenTofu: the module `testing::cli` of the feature
///   `testing`. A step is a configuration, and plan and state are values. `examples/template/tests/apply.rs` is one.
/// - The feature also contains a host that starts the built program, calls it in the order of Terraform, and checks each
///   response as Terraform does. It needs no CLI.
///
/// ```toml
/// [dev-dependencies]
/// terraform-plugin = { version = "0.1", features = ["testing"] }
/// ```
pub mod testing_a_provider {}

/// A release.
///
/// The registries of Terraform and OpenTofu read a GitHub release: an archive of the program for each platform, named
/// `terraform-provider-NAME_VERSION_OS_ARCH.zip`; their checksums in `..._SHA256SUMS`, signed as `..._SHA256SUMS.sig`;
/// and `terraform-registry-manifest.json` as `..._manifest.json`. Build with `.cargo/config.toml` of the template, which
/// keeps the start short. `docs.sh` of the template writes the pages that the registries show.
pub mod release {}
