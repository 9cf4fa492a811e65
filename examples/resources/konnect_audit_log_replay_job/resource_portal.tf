variable "outage" {
  description = "The time during which the SIEM was down, RFC 3339, within the last 7 days."
  type        = object({ start_at = string, end_at = string })
}

variable "portal_id" {
  description = "Id of the Dev Portal, such as konnect_portal.developers.id of Kong's own provider."
  type        = string
}

resource "konnect_audit_log_replay_job" "outage" {
  region    = "eu"
  portal_id = var.portal_id
  start_at  = var.outage.start_at
  end_at    = var.outage.end_at

  # Starts the job, and does not wait for it. Later refreshes show its status.
  wait_for_completion = false
}
