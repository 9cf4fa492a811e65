data "konnect_audit_log_webhook" "eu" {
  region = "eu"
}

output "existing_stream" {
  description = "The webhook that region eu has now, to write its resource and import it."
  value = {
    set_up         = data.konnect_audit_log_webhook.eu.configured
    enabled        = data.konnect_audit_log_webhook.eu.enabled
    destination_id = data.konnect_audit_log_webhook.eu.audit_log_destination_id
    endpoint_host  = data.konnect_audit_log_webhook.eu.endpoint_host
  }
}
