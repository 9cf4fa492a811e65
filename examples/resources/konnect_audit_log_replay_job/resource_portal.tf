variable "outage" {
  type = object({ start_at = string, end_at = string })
}

variable "portal_id" {
  type = string
}

resource "konnect_audit_log_replay_job" "outage" {
  region              = "eu"
  portal_id           = var.portal_id
  start_at            = var.outage.start_at
  end_at              = var.outage.end_at
  wait_for_completion = false
}
