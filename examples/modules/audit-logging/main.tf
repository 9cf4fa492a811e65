# Where the events go.
resource "konnect_audit_log_destination" "siem" {
  name                     = var.name
  endpoint                 = var.endpoint
  authorization_wo         = var.authorization
  authorization_wo_version = var.authorization_version
  log_format               = var.log_format
}

# Each region has one webhook. All of them deliver to the same destination.
resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.siem.id
  enabled                  = var.enabled
  replace_existing         = var.replace_existing
}

data "konnect_audit_log_webhook_status" "stream" {
  for_each = var.regions

  region = each.key

  # While a webhook is about to change, its status waits for the change.
  depends_on = [konnect_audit_log_webhook.stream]
}

# Each plan and apply warns when a region does not deliver, and says why.
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
