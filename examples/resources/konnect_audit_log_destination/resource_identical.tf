variable "siem_authorizations" {
  type        = list(string)
  sensitive   = true
  description = "What the SIEM expects in the Authorization header: the token in use, and the one to come."
}

resource "konnect_audit_log_destination" "siem" {
  count = 2

  name          = "SIEM"
  endpoint      = "https://siem.example.com/konnect-audit-logs"
  log_format    = "json"
  authorization = var.siem_authorizations[count.index]

  # The second one may come later, and be replaced: Konnect can't tell it from the first.
  allow_identical = true
}
