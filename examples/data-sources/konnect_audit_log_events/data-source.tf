# The denied ones among up to 50 permission checks. The events are stored in the state.
data "konnect_audit_log_events" "eu" {
  region = "eu"
  type   = "authorization"
  limit  = 50
}

output "denied" {
  value = [
    for event in data.konnect_audit_log_events.eu.events :
    "${event.ts} ${event.principal_id} ${event.action} ${event.resource}" if event.granted == false
  ]
}
