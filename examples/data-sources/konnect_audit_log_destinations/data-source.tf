data "konnect_audit_log_destinations" "siem" {
  name_contains = "SIEM"
}

output "unverified_destinations" {
  description = "Destinations to which events are delivered without verifying the certificate."
  value = [
    for destination in data.konnect_audit_log_destinations.siem.destinations : destination.id
    if destination.skip_ssl_verification
  ]
}
