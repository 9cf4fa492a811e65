# Every destination of the organization, at most 100 (the default limit).
list "konnect_audit_log_destination" "all" {
  provider = konnect
}

# Those of a region whose name contains a text, with all attributes.
list "konnect_audit_log_destination" "siem" {
  provider         = konnect
  include_resource = true
  limit            = 10

  config {
    region        = "eu"
    name_contains = "SIEM"
  }
}
