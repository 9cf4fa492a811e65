//! The organization and the user.

use serde_json::json;

use crate::tests::{Reply, get, has, raw, start};

#[tokio::test]
async fn organization_any_token_on_global_only() {
    let emulator = start().await;
    let path = "/global/v3/organizations/me";
    for token in ["Bearer kpat_x", "Bearer spat_x"] {
        let reply = Reply::parse(&raw(&emulator, "GET", path, &[("authorization", token)], b"").await);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["state"], "active");
    }
    Reply::parse(&raw(&emulator, "GET", path, &[], b"").await).problem(401);
    get(&emulator, "/eu/v3/organizations/me").await.problem(404);
    get(&emulator, "/v3/organizations/me").await.problem(404);
    let edited = emulator
        .edit_organization(json!({"name": "Example", "login_path": "example"}))
        .unwrap();
    assert_eq!(edited["name"], "Example");
    let organization = get(&emulator, path).await.json();
    has(
        &organization,
        &json!({"name": "Example", "login_path": "example"}),
    );
    assert!(emulator.edit_organization(json!({"colour": "red"})).is_err());
    assert!(emulator.edit_organization(json!({"name": 1})).is_err());
}

#[tokio::test]
async fn user_system_account_token_is_refused() {
    let emulator = start().await;
    let path = "/global/v3/users/me";
    let user = get(&emulator, path).await.json();
    has(&user, &json!({"email": "ada@example.com", "active": true}));
    let organization = get(&emulator, "/global/v3/organizations/me").await.json();
    assert_eq!(user["id"], organization["owner_id"]);
    let headers = [("authorization", "Bearer spat_x")];
    Reply::parse(&raw(&emulator, "GET", path, &headers, b"").await).problem(401);
    get(&emulator, "/eu/v3/users/me").await.problem(404);
}
