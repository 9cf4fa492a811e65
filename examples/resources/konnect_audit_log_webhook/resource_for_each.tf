variable "regions" {
  type    = set(string)
  default = ["au", "eu", "us"]
}

data "konnect_audit_log_destination" "siem" {
  name = "SIEM"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = data.konnect_audit_log_destination.siem.id
}
