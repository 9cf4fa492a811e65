# The webhooks of all regions.
list "konnect_audit_log_webhook" "all" {
  provider = konnect
}

# Those of some regions, and of the Dev Portals in them.
list "konnect_audit_log_webhook" "some" {
  provider = konnect

  config {
    regions         = ["eu", "us"]
    include_portals = true
  }
}
