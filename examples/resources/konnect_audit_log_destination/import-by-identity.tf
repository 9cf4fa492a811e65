import {
  to = konnect_audit_log_destination.siem
  identity = {
    id = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
  }
}
