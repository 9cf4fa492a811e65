data "konnect_audit_log_destinations" "all" {}

check "audit_log_destinations" {
  assert {
    condition = alltrue([
      for destination in data.konnect_audit_log_destinations.all.destinations :
      !destination.skip_ssl_verification
    ])
    error_message = "A destination accepts any TLS certificate: see skip_ssl_verification."
  }
}

output "audit_log_destinations" {
  value = {
    for destination in data.konnect_audit_log_destinations.all.destinations :
    destination.id => destination.endpoint
  }
}
