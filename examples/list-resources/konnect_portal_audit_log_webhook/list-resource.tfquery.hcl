list "konnect_portal_audit_log_webhook" "developers" {
  provider = konnect

  config {
    region = "eu"
  }
}
