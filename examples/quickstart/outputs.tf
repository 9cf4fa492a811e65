output "destination_id" {
  description = "Id of the destination that all regions deliver to."
  value       = konnect_audit_log_destination.siem.id
}

output "delivery" {
  description = "State of the stream of each region."
  value = {
    for region, status in data.konnect_audit_log_webhook_status.stream : region => status.delivery_state
  }
}
