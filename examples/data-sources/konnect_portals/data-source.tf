data "konnect_audit_log_destination" "siem" {
  name = "SIEM"
}

data "konnect_portals" "developers" {
  region = "eu"
  name   = "Developers"
}

resource "konnect_audit_log_webhook" "developers" {
  region                   = "eu"
  portal_id                = one(data.konnect_portals.developers.portals).id
  audit_log_destination_id = data.konnect_audit_log_destination.siem.id
}
