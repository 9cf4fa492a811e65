variable "lines" {
  description = "Lines of audit log deliveries, as a receiver stored them."
  type        = list(string)
}

locals {
  events = [for line in var.lines : provider::konnect::parse_audit_event(line)]
}

output "locked_accounts" {
  description = "When logins failed because the account was locked."
  value = [
    for event in local.events : event.timestamp if event.name == "AUTHENTICATION_OUTCOME_LOCKED"
  ]
}
