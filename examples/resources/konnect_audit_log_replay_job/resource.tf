variable "outage" {
  type = object({ start_at = string, end_at = string })
}

resource "konnect_audit_log_replay_job" "outage" {
  region   = "eu"
  start_at = var.outage.start_at
  end_at   = var.outage.end_at
}
