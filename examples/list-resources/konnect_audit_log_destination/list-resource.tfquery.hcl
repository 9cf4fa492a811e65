# The destinations of the organization, at most 100. For more, set limit.
list "konnect_audit_log_destination" "all" {
  provider = konnect
}

# Those whose name contains a text, with all attributes.
list "konnect_audit_log_destination" "siem" {
  provider         = konnect
  include_resource = true
  limit            = 10

  config {
    name_contains = "SIEM"
  }
}
