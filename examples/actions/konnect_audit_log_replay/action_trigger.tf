variable "siem_authorization" {
  description = "What the SIEM expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization
}

# Each update of the webhook replays the events of the last 6 hours.
resource "konnect_audit_log_webhook" "eu" {
  region                   = "eu"
  audit_log_destination_id = konnect_audit_log_destination.siem.id

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.konnect_audit_log_replay.missed]
    }
  }
}

action "konnect_audit_log_replay" "missed" {
  config {
    region = konnect_audit_log_webhook.eu.region
    last   = "6h"
  }
}
