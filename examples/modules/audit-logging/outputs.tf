output "destination_id" {
  description = "Id of the destination that all regions deliver to."
  value       = konnect_audit_log_destination.siem.id
}

output "regions" {
  description = "Regions that have a webhook of this module."
  value       = toset([for webhook in konnect_audit_log_webhook.stream : webhook.region])
}

output "delivery" {
  description = "State of the stream of each region: ready, delivering, failing, switched_off, switched_off_failing, unconfigured or unknown."
  value = {
    for region, status in data.konnect_audit_log_webhook_status.stream : region => status.delivery_state
  }
}

output "healthy" {
  description = "Whether all regions deliver, or are ready to."
  value = alltrue([
    for status in data.konnect_audit_log_webhook_status.stream : status.healthy
  ])
}
