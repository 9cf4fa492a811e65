variable "siem_authorization" {
  type      = string
  ephemeral = true
}

# Set it for the apply that repairs the stream: terraform apply -var replay_last=6h
variable "replay_last" {
  type    = string
  default = null
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = "https://siem.example.com/konnect-audit-logs"
  authorization_wo = var.siem_authorization

  lifecycle {
    create_before_destroy = true

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

  lifecycle {
    action_trigger {
      events    = [after_create, after_update]
      condition = var.replay_last != null
      actions   = [action.konnect_audit_log_replay.missed]
    }
  }
}

# Terraform 1.16 refuses a reference to the triggering resource.
action "konnect_audit_log_replay" "missed" {
  config {
    region = "eu"
    last   = coalesce(var.replay_last, "1h")
  }
}
