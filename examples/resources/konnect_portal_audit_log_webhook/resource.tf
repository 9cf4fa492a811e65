variable "siem_authorization" {
  description = "What the SIEM expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true
}

variable "portal_id" {
  description = "Id of the Dev Portal, such as konnect_portal.developers.id of Kong's own provider."
  type        = string
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization
  log_format       = "json"
}

resource "konnect_portal_audit_log_webhook" "developers" {
  region                   = "eu"
  portal_id                = var.portal_id
  audit_log_destination_id = konnect_audit_log_destination.siem.id
}
