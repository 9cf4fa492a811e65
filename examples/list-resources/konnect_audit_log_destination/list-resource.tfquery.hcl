list "konnect_audit_log_destination" "siem" {
  provider = konnect

  config {
    name_contains = "SIEM"
  }
}
