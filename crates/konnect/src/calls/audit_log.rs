//! Past events.

use crate::calls;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::audit_log::{AuditLogEntry, AuditLogQuery};
use crate::types::region::Region;

const AUDIT_LOGS: &str = "/v3/audit-logs";

/// `GET /v3/audit-logs`, page by page: lists past events of a region from `query.after` on, until the list ends or there
/// are `limit` of them. Returns those, in the order of the API, which is not documented.
///
/// # Errors
/// When a call fails, for instance with 403 or 404 if the organization does not have the feature, or its response cannot
/// be read, and when the list does not end.
pub async fn first_audit_logs(
    client: &Client,
    region: &Region,
    query: &AuditLogQuery,
    limit: usize,
) -> Result<Vec<AuditLogEntry>, Error> {
    let parameters = |after: Option<String>| {
        let after = after.or_else(|| query.after.clone());
        AuditLogQuery {
            after,
            ..query.clone()
        }
        .parameters()
    };
    calls::first(client, region, AUDIT_LOGS, parameters, limit, |_| true).await
}
