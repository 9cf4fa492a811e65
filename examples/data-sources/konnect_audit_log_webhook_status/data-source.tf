data "konnect_audit_log_webhook_status" "eu" {
  region = "eu"
}

check "audit_log_delivery" {
  assert {
    condition     = data.konnect_audit_log_webhook_status.eu.healthy
    error_message = data.konnect_audit_log_webhook_status.eu.explanation
  }
}

output "audit_log_delivery" {
  value = data.konnect_audit_log_webhook_status.eu.delivery_state
}
