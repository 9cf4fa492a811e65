variable "lines" {
  description = "Lines of audit log deliveries, as a receiver stored them."
  type        = list(string)
}

variable "jwks" {
  description = "The region's signing keys: a copy of the attribute jwks of konnect_audit_log_signing_keys."
  type        = string
}

output "all_authentic" {
  description = "Whether Konnect signed every stored event."
  value = alltrue([
    for line in var.lines : provider::konnect::verify_audit_event(line, var.jwks)
  ])
}
