# terraform apply -invoke=action.konnect_audit_log_replay.outage
action "konnect_audit_log_replay" "outage" {
  config {
    region = "eu"
    last   = "6h"
  }
}
