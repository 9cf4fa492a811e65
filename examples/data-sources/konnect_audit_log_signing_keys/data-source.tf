data "konnect_audit_log_signing_keys" "eu" {
  region = "eu"
}

output "jwks" {
  description = "A copy to store: events that are signed today stay verifiable after Konnect replaces its keys."
  value       = data.konnect_audit_log_signing_keys.eu.jwks
}
