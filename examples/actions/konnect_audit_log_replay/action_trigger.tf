variable "siem_authorization" {
  description = "What the SIEM expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true
}

# Set it for the apply that repairs the stream: terraform apply -var replay_last=6h
variable "replay_last" {
  description = "How far back an apply that repairs the stream replays, such as \"6h\". Null: it replays nothing."
  type        = string
  default     = null
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization
  log_format       = "json"

  # Another endpoint or credential changes only the destination, not the webhook.
  lifecycle {
    action_trigger {
      events    = [after_update]
      condition = var.replay_last != null
      actions   = [action.konnect_audit_log_replay.missed]
    }
  }
}

resource "konnect_audit_log_webhook" "eu" {
  region                   = "eu"
  audit_log_destination_id = konnect_audit_log_destination.siem.id

  # A webhook that was deleted outside Terraform is created again.
  lifecycle {
    action_trigger {
      events    = [after_create, after_update]
      condition = var.replay_last != null
      actions   = [action.konnect_audit_log_replay.missed]
    }
  }
}

# Terraform runs it after both resources have changed, because it refers to the webhook.
action "konnect_audit_log_replay" "missed" {
  config {
    region = konnect_audit_log_webhook.eu.region
    last   = coalesce(var.replay_last, "1h")
  }
}
