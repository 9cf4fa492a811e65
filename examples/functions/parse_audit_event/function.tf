# What a receiver stored, one event a line.
locals {
  lines  = compact(split("\n", file("${path.module}/events.log")))
  events = [for line in local.lines : provider::konnect::parse_audit_event(line)]
}

output "locked_accounts" {
  description = "When logins failed because the account was locked."
  value = [
    for event in local.events : event.timestamp if event.name == "AUTHENTICATION_OUTCOME_LOCKED"
  ]
}
