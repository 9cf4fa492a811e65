variable "portal_id" {
  description = "Id of the Dev Portal, such as konnect_portal.developers.id of Kong's own provider."
  type        = string
}

data "konnect_portal_audit_log_webhook_status" "developers" {
  region    = "eu"
  portal_id = var.portal_id
}

check "portal_audit_log_delivery" {
  assert {
    condition     = data.konnect_portal_audit_log_webhook_status.developers.healthy
    error_message = data.konnect_portal_audit_log_webhook_status.developers.explanation
  }
}

output "portal_audit_log_delivery" {
  value = data.konnect_portal_audit_log_webhook_status.developers.delivery_state
}
