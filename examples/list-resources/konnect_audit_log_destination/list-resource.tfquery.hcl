# The destinations on the global host, at most 100. For a region, set region; for more, set limit.
list "konnect_audit_log_destination" "all" {
  provider = konnect
}

# Those on the host of a region whose name contains a text, with all attributes.
list "konnect_audit_log_destination" "siem" {
  provider         = konnect
  include_resource = true
  limit            = 10

  config {
    region        = "eu"
    name_contains = "SIEM"
  }
}
