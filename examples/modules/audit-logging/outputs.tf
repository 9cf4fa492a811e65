output "destination_id" {
  description = "Id of the destination that all webhooks deliver to."
  value       = local.destination_id
}

output "webhooks" {
  description = "Ids of the webhooks: of regions by region, of Dev Portals as `portal/NAME`."
  value = merge(
    { for region, webhook in konnect_audit_log_webhook.stream : region => webhook.id },
    { for name, webhook in konnect_portal_audit_log_webhook.stream : "portal/${name}" => webhook.id },
  )
}

output "statuses" {
  description = "State of each stream, with the same keys: `ready`, `delivering`, `failing`, `switched_off`, `switched_off_failing`, `unconfigured` or `unknown`."
  value = merge(
    { for region, status in data.konnect_audit_log_webhook_status.stream : region => status.delivery_state },
    { for name, status in data.konnect_portal_audit_log_webhook_status.stream : "portal/${name}" => status.delivery_state },
  )
}
