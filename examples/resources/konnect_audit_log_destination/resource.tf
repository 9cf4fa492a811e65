variable "siem_authorization" {
  type      = string
  ephemeral = true
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization
  log_format       = "json"

  lifecycle {
    create_before_destroy = true
  }
}
