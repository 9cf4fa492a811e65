variable "siem_authorization" {
  description = "What the SIEM expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true
}

variable "regions" {
  description = "Regions whose audit events are delivered."
  type        = set(string)
  default     = ["eu", "us"]
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization
  log_format       = "json"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.siem.id
}

data "konnect_audit_log_webhook_status" "stream" {
  for_each = var.regions

  region = each.key

  # If a plan changes a webhook, the apply reads the status after the change.
  depends_on = [konnect_audit_log_webhook.stream]
}

check "audit_log_delivery" {
  assert {
    condition = alltrue([
      for status in data.konnect_audit_log_webhook_status.stream : status.healthy
    ])
    error_message = join("\n", [
      for status in data.konnect_audit_log_webhook_status.stream : status.explanation if !status.healthy
    ])
  }
}

output "audit_log_delivery" {
  description = "State of the stream of each region."
  value = {
    for region, status in data.konnect_audit_log_webhook_status.stream : region => status.delivery_state
  }
}
