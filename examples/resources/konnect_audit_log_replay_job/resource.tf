variable "outage" {
  description = "The time during which the SIEM was down, RFC 3339, within the last 7 days."
  type        = object({ start_at = string, end_at = string })
}

resource "konnect_audit_log_replay_job" "outage" {
  region   = "eu"
  start_at = var.outage.start_at
  end_at   = var.outage.end_at
}
