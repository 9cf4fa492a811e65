variable "portal_id" {
  type = string
}

data "konnect_audit_log_destination" "siem" {
  name = "SIEM"
}

resource "konnect_audit_log_webhook" "developers" {
  region                   = "eu"
  portal_id                = var.portal_id
  audit_log_destination_id = data.konnect_audit_log_destination.siem.id
}
