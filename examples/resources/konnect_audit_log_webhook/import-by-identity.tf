import {
  to = konnect_audit_log_webhook.developers
  identity = {
    region    = "eu"
    portal_id = "3b9c1d52-7c1e-4f0a-9d5e-2f6a8b4c0e17" # only for a Dev Portal
  }
}
