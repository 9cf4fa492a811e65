data "konnect_audit_log_webhook" "eu" {
  region = "eu"
}

output "existing_stream" {
  description = "The webhook that region eu has now, to write its resource and import it."
  value       = data.konnect_audit_log_webhook.eu
}
