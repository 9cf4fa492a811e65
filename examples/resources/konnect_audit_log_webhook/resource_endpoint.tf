variable "siem_authorization" {
  type      = string
  ephemeral = true
}

resource "konnect_audit_log_webhook" "us" {
  region           = "us"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization
  log_format       = "cef"
}
