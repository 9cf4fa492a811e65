import {
  to = konnect_audit_log_webhook.eu
  identity = {
    region = "eu"
  }
}
