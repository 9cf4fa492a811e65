data "konnect_audit_log_events" "logins" {
  region   = "eu"
  type     = "authentication"
  start_at = timeadd(plantimestamp(), "-24h")
  limit    = 20
}

output "failed_logins" {
  value = [
    for event in data.konnect_audit_log_events.logins.events :
    { time = event.ts, outcome = event.outcome } if event.outcome != "success"
  ]
}
