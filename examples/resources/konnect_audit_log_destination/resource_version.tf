variable "siem_authorization" {
  description = "What the SIEM expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true
}

variable "siem_authorization_version" {
  description = "Increment when the SIEM gets another authorization."
  type        = number
}

resource "konnect_audit_log_destination" "siem" {
  name                     = "SIEM"
  endpoint                 = "https://siem.example.com/konnect-audit-logs"
  authorization_wo         = var.siem_authorization
  authorization_wo_version = var.siem_authorization_version
  log_format               = "json"
}
