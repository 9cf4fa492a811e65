//! The organization and the user of a token, the regions, and the control planes.

use serde_json::json;

use crate::api::call::{Call, Credential};
use crate::api::problem::Problem;
use crate::http::response::ApiResponse;
use crate::organization::state::State;

/// `GET` of the organization, with any token.
pub(crate) fn organization(state: &State, call: &Call<'_>) -> ApiResponse {
    let organization = &state.organization;
    let document = json!({
        "id": call.id(&organization.id),
        "name": organization.name,
        "owner_id": organization.user_id,
        "login_path": organization.login_path,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
        "state": organization.state,
    });
    ApiResponse::ok(&document)
}

/// `GET` of the user. 401 for a system account token, which does not belong to a user.
pub(crate) fn user(state: &State, credential: Credential) -> Result<ApiResponse, Problem> {
    if credential != Credential::PersonalToken {
        return Err(Problem::unauthorized());
    }
    let organization = &state.organization;
    let document = json!({
        "id": organization.user_id,
        "email": organization.user_email,
        "full_name": organization.user_name,
        "preferred_name": organization.user_name,
        "active": true,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    });
    Ok(ApiResponse::ok(&document))
}

/// `GET` of the regions, without a token. An administrator has to opt in to Singapore.
pub(crate) fn available_regions() -> ApiResponse {
    let regions = json!({ "stable": ["us", "eu", "au", "me", "in"], "stable_opt_in": ["sg"], "beta": [] });
    ApiResponse::ok(&json!({ "regions": regions }))
}

/// `GET` of the control planes. The organization has none, but the request has the event that Kong's guide looks for.
pub(crate) fn control_planes() -> ApiResponse {
    let page = json!({ "number": 1, "size": 10, "total": 0 });
    ApiResponse::ok(&json!({ "data": [], "meta": { "page": page } }))
}
