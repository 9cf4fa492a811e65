variable "portal_id" {
  type = string
}

data "konnect_audit_log_webhook_status" "developers" {
  region    = "eu"
  portal_id = var.portal_id
}

output "portal_audit_log_delivery" {
  value = data.konnect_audit_log_webhook_status.developers.delivery_state
}
