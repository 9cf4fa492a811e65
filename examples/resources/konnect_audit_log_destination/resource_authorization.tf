variable "siem_authorization" {
  description = "What the SIEM expects as the Authorization header, with its scheme."
  type        = string
  sensitive   = true
}

resource "konnect_audit_log_destination" "siem" {
  name          = "SIEM"
  endpoint      = "https://siem.example.com/konnect-audit-logs"
  authorization = var.siem_authorization
  log_format    = "json"
}
