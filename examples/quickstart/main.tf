# Delivers Konnect's audit events of three regions to one SIEM, and checks the deliveries.

terraform {
  required_version = ">= 1.11"

  required_providers {
    konnect = {
      source = "konnect-audit/konnect"
    }
  }
}

# The access token comes from the environment: KONNECT_TOKEN for a personal access token,
# KONNECT_SPAT for a system account's.
provider "konnect" {}

# Where the events go. Konnect sends `authorization_wo` to the endpoint as the Authorization header. It is not stored
# in a plan or state.
resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = var.siem_endpoint
  authorization_wo = var.siem_authorization
  log_format       = "json"

  lifecycle {
    create_before_destroy = true
  }
}

# Each region has one webhook. All of them deliver to the same destination.
resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.siem.id
}

# Whether the events arrive.
data "konnect_audit_log_webhook_status" "stream" {
  for_each = var.regions

  region = each.key

  # If a plan changes a webhook, the apply reads the status after the change.
  depends_on = [konnect_audit_log_webhook.stream]
}

# Warns if a region does not deliver, and reports why. A plan that changes a webhook does not know yet.
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
