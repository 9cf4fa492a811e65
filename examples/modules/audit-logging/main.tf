locals {
  destination_id = var.destination.endpoint == null ? var.destination.id : one(konnect_audit_log_destination.siem[*].id)
}

# Where the events are sent.
resource "konnect_audit_log_destination" "siem" {
  count = var.destination.endpoint == null ? 0 : 1

  name                     = var.destination.name
  endpoint                 = var.destination.endpoint
  authorization_wo         = var.authorization
  authorization_wo_version = var.authorization_version
  log_format               = var.destination.log_format
  skip_ssl_verification    = var.destination.skip_ssl_verification
}

# Each region and each Dev Portal has one webhook. All of them deliver to the same destination.
resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = local.destination_id
  enabled                  = each.value.enabled
  replace_existing         = var.replace_existing
}

resource "konnect_portal_audit_log_webhook" "stream" {
  for_each = var.portals

  portal_id                = each.value.portal_id
  region                   = each.value.region
  audit_log_destination_id = local.destination_id
  enabled                  = each.value.enabled
  replace_existing         = var.replace_existing
}

# If a plan changes a webhook, the apply reads the status after the change.
data "konnect_audit_log_webhook_status" "stream" {
  for_each = var.regions

  region     = each.key
  depends_on = [konnect_audit_log_webhook.stream]
}

data "konnect_portal_audit_log_webhook_status" "stream" {
  for_each = var.portals

  portal_id  = each.value.portal_id
  region     = each.value.region
  depends_on = [konnect_portal_audit_log_webhook.stream]
}

# Warns if a stream does not deliver, and reports why. A plan that changes a webhook does not know yet. It ignores streams
# that are switched off on purpose.
check "audit_log_delivery" {
  assert {
    condition = alltrue([
      for region, status in data.konnect_audit_log_webhook_status.stream :
      status.healthy if var.regions[region].enabled
    ])
    error_message = join("\n", compact([
      for region, status in data.konnect_audit_log_webhook_status.stream :
      status.healthy ? "" : status.explanation if var.regions[region].enabled
    ]))
  }

  assert {
    condition = alltrue([
      for name, status in data.konnect_portal_audit_log_webhook_status.stream :
      status.healthy if var.portals[name].enabled
    ])
    error_message = join("\n", compact([
      for name, status in data.konnect_portal_audit_log_webhook_status.stream :
      status.healthy ? "" : status.explanation if var.portals[name].enabled
    ]))
  }
}
