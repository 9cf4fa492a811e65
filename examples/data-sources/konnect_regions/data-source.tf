data "konnect_regions" "all" {}

data "konnect_audit_log_webhook" "region" {
  for_each = data.konnect_regions.all.stable

  region = each.key
}

check "every_region_has_a_stream" {
  assert {
    condition = alltrue([
      for webhook in data.konnect_audit_log_webhook.region : webhook.enabled
    ])
    error_message = "No audit events are delivered from: ${join(", ", [
      for region, webhook in data.konnect_audit_log_webhook.region : region if !webhook.enabled
    ])}."
  }
}
