output "destination_id" {
  description = "Id of the destination that all streams without an endpoint of their own deliver to. Null if there is none."
  value       = local.shared_id
}

output "webhooks" {
  description = "Ids of the webhooks, by the names of the streams: `REGION`, or `REGION/PORTAL_ID`."
  value       = { for name, webhook in konnect_audit_log_webhook.stream : name => webhook.id }
}

output "statuses" {
  description = "State of each stream, by name: `ready`, `delivering`, `failing`, `switched_off`, `switched_off_failing`, `unconfigured` or `unknown`. It changes when deliveries begin or fail: a plan of a configuration with this output then exits with 2."
  value       = { for name, status in data.konnect_audit_log_webhook_status.stream : name => status.delivery_state }
}
