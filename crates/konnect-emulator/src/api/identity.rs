//! The organization and the user of a token, and the keys that sign the organization's events.

use http::StatusCode;
use serde_json::json;

use crate::api::credential::Credential;
use crate::api_response::ApiResponse;
use crate::problem::Problem;
use crate::state::State;

/// `GET` of the organization, with any token.
pub(crate) fn organization(state: &State) -> ApiResponse {
    let organization = &state.organization;
    let document = json!({
        "id": organization.id,
        "name": organization.name,
        "owner_id": organization.user_id,
        "login_path": organization.login_path,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
        "state": organization.state,
    });
    ApiResponse::json(StatusCode::OK, &document)
}

/// `GET` of the user.
///
/// # Errors
///
/// 401 for a system account token, which does not belong to a user.
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
    Ok(ApiResponse::json(StatusCode::OK, &document))
}

/// `GET` of the key set, without a token.
pub(crate) fn signing_keys(state: &State) -> ApiResponse {
    ApiResponse::json(StatusCode::OK, &state.signing_keys.jwks(state.clock.now_ms()))
}
