# The webhooks of all regions.
list "konnect_audit_log_webhook" "all" {
  provider = konnect
}

# Those of some regions, in this order.
list "konnect_audit_log_webhook" "some" {
  provider = konnect

  config {
    regions = ["eu", "us"]
  }
}
