import {
  to = konnect_audit_log_replay_job.outage
  id = "eu"
}
