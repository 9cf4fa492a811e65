data "konnect_audit_log_signing_keys" "eu" {
  region = "eu"
}

output "jwks" {
  description = "The keys for a receiver that verifies the events of the region."
  value       = data.konnect_audit_log_signing_keys.eu.jwks
}
