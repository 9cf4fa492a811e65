# A destination that another configuration manages.
data "konnect_audit_log_destination" "siem" {
  name = "SIEM"
}

resource "konnect_audit_log_webhook" "eu" {
  region                   = "eu"
  audit_log_destination_id = data.konnect_audit_log_destination.siem.id
}
