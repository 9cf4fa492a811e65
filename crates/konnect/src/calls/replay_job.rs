//! Replay jobs. A region and a Dev Portal have one each, which cannot be cancelled or deleted.

use reqwest::Method;

use crate::calls;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::id::PortalId;
use crate::types::region::Region;
use crate::types::replay_job::{NewReplayJob, ReplayJob};

const REPLAY_JOB: &str = "/v3/audit-log-replay-job";

fn portal_path(portal: &PortalId) -> String {
    format!("/v3/portals/{portal}/audit-log-replay-job")
}

/// `GET /v3/audit-log-replay-job`: reads the latest replay job of the region.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_replay_job(client: &Client, region: &Region) -> Result<ReplayJob, Error> {
    calls::read(client, region, REPLAY_JOB).await
}

/// `PUT /v3/audit-log-replay-job`: starts a replay job for the region. Replaces a job that is not running yet.
///
/// Konnect delivers the events to the webhook that is configured when the job runs.
///
/// # Errors
/// When the call fails, for instance with 409 while a job is running, or its response cannot be read. The request is
/// retried after a lost response: a 409 after more than one attempt may concern the job that this call started, which
/// [`get_replay_job`] shows.
pub async fn replace_replay_job(
    client: &Client,
    region: &Region,
    job: &NewReplayJob,
) -> Result<ReplayJob, Error> {
    calls::write(client, region, Method::PUT, REPLAY_JOB, job, None).await
}

/// `GET /v3/portals/{id}/audit-log-replay-job`: reads the latest replay job of a Dev Portal.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown portal, or its response cannot be read.
pub async fn get_portal_replay_job(
    client: &Client,
    region: &Region,
    portal: &PortalId,
) -> Result<ReplayJob, Error> {
    calls::read(client, region, &portal_path(portal)).await
}

/// `PUT /v3/portals/{id}/audit-log-replay-job`: starts a replay job for a Dev Portal.
///
/// # Errors
/// As [`replace_replay_job`], and with 404 for an unknown portal.
pub async fn replace_portal_replay_job(
    client: &Client,
    region: &Region,
    portal: &PortalId,
    job: &NewReplayJob,
) -> Result<ReplayJob, Error> {
    calls::write(client, region, Method::PUT, &portal_path(portal), job, None).await
}
