//! `konnect_portal_audit_log_webhook` at the protocol: identity, rollback, states of Kong's provider, lists and
//! generated configuration.

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::Konnect;

const PORTAL_WEBHOOK: &str = "konnect_portal_audit_log_webhook";
const KONG: &str = "registry.terraform.io/kong/konnect";

/// A Konnect with a portal and a destination.
struct Bench {
    konnect: Konnect,
    resource: Resource,
    portal: String,
    destination: String,
}

impl Bench {
    async fn start() -> Self {
        let konnect = Konnect::configured().await;
        let resource = konnect.resource(PORTAL_WEBHOOK);
        let portal = konnect.emulator.add_portal("eu", "developers").unwrap();
        let destination = konnect.emulator.add_destinations("global", 1).unwrap().remove(0);
        Self {
            konnect,
            resource,
            portal,
            destination,
        }
    }

    fn config(&self, more: &[(&str, Value)]) -> Value {
        let least = [
            ("region", "eu".into()),
            ("portal_id", self.portal.as_str().into()),
            ("audit_log_destination_id", self.destination.as_str().into()),
        ];
        self.resource.shape.object(&[&least, more].concat())
    }

    fn identity(&self) -> Value {
        Value::object([
            ("portal_id", self.portal.as_str().into()),
            ("region", "eu".into()),
        ])
    }

    /// Another user's webhook of a portal.
    fn occupy(&self, portal: &str) {
        let edit = json!({ "audit_log_destination_id": self.destination, "enabled": true });
        self.konnect
            .emulator
            .edit_portal_webhook("eu", portal, edit)
            .unwrap();
    }
}

#[tokio::test]
async fn identity_is_known_at_plan_and_never_changes() {
    let bench = Bench::start().await;
    let resource = &bench.resource;
    let unknown = bench.config(&[("portal_id", Value::Unknown)]);
    let plan = resource.plan(&State::none(), &unknown).await;
    assert_no_errors(&plan.diagnostics);
    assert_eq!(plan.identity, None);
    let plan = resource.plan(&State::none(), &bench.config(&[])).await;
    assert_eq!(plan.identity, Some(bench.identity()));
    let state = resource.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(state.identity, plan.identity);
    let read = resource.read(&state).await;
    assert_eq!(read.identity, plan.identity);
    assert_eq!(read.value, state.value);
    let off = resource
        .plan(&read, &bench.config(&[("enabled", false.into())]))
        .await;
    let off = resource.apply(&off).await;
    assert_no_errors(&off.diagnostics);
    assert_eq!(off.identity, plan.identity);
    bench.konnect.end().await;
}

#[tokio::test]
async fn import_by_id_and_by_identity_are_the_same() {
    let bench = Bench::start().await;
    bench.occupy(&bench.portal);
    let resource = &bench.resource;
    let by_id = resource.import(&format!("eu/{}", bench.portal)).await;
    assert_no_errors(&by_id.diagnostics);
    let parts = [
        ("portal_id", bench.portal.as_str().into()),
        ("region", "eu".into()),
    ];
    let by_identity = resource.import_identity(&parts).await;
    assert_no_errors(&by_identity.diagnostics);
    assert_eq!(by_identity.value, by_id.value);
    assert_eq!(by_identity.identity, Some(bench.identity()));
    let plan = resource
        .plan(&resource.read(&by_id).await, &bench.config(&[]))
        .await;
    assert_eq!(plan.planned, by_id.value);
    // The provider block has no region.
    let without = resource.import_identity(&parts[..1]).await;
    assert!(error(&without.diagnostics).contains("No region"));
    bench.konnect.end().await;
}

#[tokio::test]
async fn create_whose_response_is_lost_is_sent_again() {
    let bench = Bench::start().await;
    let resource = &bench.resource;
    let plan = resource.plan(&State::none(), &bench.config(&[])).await;
    let lost = FaultRule::new(Fault::DropAfter).method("PATCH").times(1);
    bench.konnect.emulator.inject(lost).unwrap();
    let state = resource.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(state.diagnostics, []);
    bench.konnect.end().await;
}

#[tokio::test]
async fn create_whose_responses_are_all_lost_explains_the_import() {
    let bench = Bench::start().await;
    let resource = &bench.resource;
    let plan = resource.plan(&State::none(), &bench.config(&[])).await;
    let always = FaultRule::new(Fault::DropAfter).method("PATCH").always();
    bench.konnect.emulator.inject(always).unwrap();
    let lost = resource.apply(&plan).await;
    error(&lost.diagnostics);
    let warning = lost
        .diagnostics
        .iter()
        .find(|d| d.summary == "Webhook may have been set up");
    let import = format!("id = \"eu/{}\"", bench.portal);
    assert!(warning.is_some_and(|w| w.detail.contains(&import)), "{lost:?}");
    bench.konnect.end().await;
}

#[tokio::test]
async fn move_kong_webhook_learns_the_region_without_a_write() {
    let bench = Bench::start().await;
    bench.occupy(&bench.portal);
    let resource = &bench.resource;
    let state = json!({
        "portal_id": bench.portal, "enabled": true, "audit_log_destination_id": bench.destination,
        "added_later": [1],
    });
    let moved = resource.move_state(KONG, PORTAL_WEBHOOK, &state).await;
    assert_no_errors(&moved.diagnostics);
    assert_eq!(moved.value.get("region"), &Value::Null);
    let read = resource.read(&moved).await;
    let plan = resource.plan(&read, &bench.config(&[])).await;
    assert_no_errors(&plan.diagnostics);
    assert!(plan.requires_replace.is_empty());
    let applied = resource.apply(&plan).await;
    assert_no_errors(&applied.diagnostics);
    assert_eq!(bench.konnect.methods(), ["GET"]);
    assert_eq!(applied.identity, Some(bench.identity()));

    let removed = resource.apply(&moved.removal()).await;
    assert!(error(&removed.diagnostics).contains("Region is not known yet"));
    let nameless = json!({ "enabled": true });
    let refused = resource.move_state(KONG, PORTAL_WEBHOOK, &nameless).await;
    assert!(error(&refused.diagnostics).contains("no portal_id"));
    bench.konnect.end().await;
}

#[tokio::test]
async fn list_has_each_configured_webhook_once_by_name() {
    let bench = Bench::start().await;
    let add = |name: &str| bench.konnect.emulator.add_portal("eu", name).unwrap();
    let (archive, without) = (add("archive"), add("without a webhook"));
    bench.occupy(&bench.portal);
    bench.occupy(&archive);
    let list = bench.konnect.list_resource(PORTAL_WEBHOOK);
    let region = ("region", Value::from("eu"));
    let (found, diagnostics) = list.list(std::slice::from_ref(&region), true, 10).await;
    assert_eq!(diagnostics, []);
    let names: Vec<_> = found.iter().map(|found| found.display_name.as_str()).collect();
    assert_eq!(names, ["archive", "developers"]);
    assert_eq!(found[1].identity, bench.identity());

    // A listed object is imported with the generated configuration without changes.
    let object = found[1].object.clone().unwrap();
    let generated = bench.resource.generate_config(&object).await;
    assert_eq!(generated, bench.config(&[]));
    let imported = bench.resource.import(&format!("eu/{}", bench.portal)).await;
    assert_eq!(imported.value, object);
    let plan = bench.resource.plan(&imported, &generated).await;
    assert_eq!(plan.planned, object);

    let ids = [&without, &bench.portal, &archive].map(|id| Value::from(id.as_str()));
    let chosen = [region.clone(), ("portal_ids", Value::List(ids.to_vec()))];
    let (found, _) = list.list(&chosen, false, 10).await;
    let ids: Vec<_> = found
        .iter()
        .map(|f| f.identity.get("portal_id").as_str())
        .collect();
    assert_eq!(ids, [Some(bench.portal.as_str()), Some(archive.as_str())]);

    bench.konnect.emulator.clear_requests();
    let (found, _) = list.list(&[region], false, 1).await;
    assert_eq!(found.len(), 1);
    // The list of portals, and at most one webhook beyond the limit.
    assert!(bench.konnect.requests() <= 3);
    bench.konnect.end().await;
}

#[tokio::test]
async fn list_with_one_unreadable_portal_warns_and_keeps_the_others() {
    let bench = Bench::start().await;
    let archive = bench.konnect.emulator.add_portal("eu", "archive").unwrap();
    bench.occupy(&bench.portal);
    bench.occupy(&archive);
    let broken = FaultRule::new(Fault::status(500)).path(&archive).always();
    bench.konnect.emulator.inject(broken).unwrap();
    let list = bench.konnect.list_resource(PORTAL_WEBHOOK);
    let region = [("region", Value::from("eu"))];
    let (found, diagnostics) = list.list(&region, false, 10).await;
    assert_no_errors(&diagnostics);
    assert_eq!(found.len(), 1);
    assert!(diagnostics[0].summary.contains(&archive), "{diagnostics:?}");

    bench.konnect.emulator.clear_faults();
    let all = FaultRule::new(Fault::status(403)).always();
    bench.konnect.emulator.inject(all).unwrap();
    let (found, diagnostics) = list.list(&region, false, 10).await;
    assert_eq!(found, []);
    error(&diagnostics);
    bench.konnect.end().await;
}

#[tokio::test]
async fn list_invalid_arguments_are_errors() {
    let bench = Bench::start().await;
    let list = bench.konnect.list_resource(PORTAL_WEBHOOK);
    let ids = Value::List(vec!["developers".into()]);
    error(&list.validate(&[("portal_ids", ids)]).await);
    for (region, said) in [("global", "regional"), ("EU", "lower case")] {
        let (_, diagnostics) = list.list(&[("region", region.into())], false, 10).await;
        assert!(error(&diagnostics).contains(said), "{diagnostics:?}");
    }
    bench.konnect.end().await;
}
