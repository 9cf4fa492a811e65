list "konnect_audit_log_webhook" "europe" {
  provider         = konnect
  include_resource = true

  config {
    regions = ["eu", "me"]
  }
}
