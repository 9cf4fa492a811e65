# The latest job of a region. For a Dev Portal: REGION/PORTAL_ID.
terraform import konnect_audit_log_replay_job.outage eu
