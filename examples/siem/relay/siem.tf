# A relay with basic authentication in front of a SIEM that cannot read Konnect's deliveries: Logstash, Vector, an
# Observability Pipelines Worker or a cloud function.

variable "relay_url" {
  description = "HTTPS URL at which Konnect reaches the relay."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.relay_url, "https://")
    error_message = "Konnect delivers to HTTPS only."
  }

  validation {
    condition     = !can(regex("http-intake\\.logs\\.|/_bulk|\\.ingest\\.monitor\\.azure\\.com|chronicle\\.googleapis\\.com", var.relay_url))
    error_message = "Set the URL of the relay, not of the SIEM behind it, which cannot read Konnect's deliveries."
  }
}

variable "relay_user" {
  description = "User name that the relay expects."
  type        = string
  default     = "konnect"
  nullable    = false

  validation {
    condition     = can(regex("^[^:\\s]+$", var.relay_user))
    error_message = "The user name of basic authentication has no colon and no white space."
  }
}

variable "relay_password" {
  description = "Password that the relay expects."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.relay_password) >= 16
    error_message = "The password protects an endpoint on the internet: set at least 16 random characters."
  }
}

resource "konnect_audit_log_destination" "siem" {
  name                     = "SIEM relay"
  endpoint                 = var.relay_url
  authorization_wo         = "Basic ${base64encode("${var.relay_user}:${var.relay_password}")}"
  authorization_wo_version = 1 # increment it with each new password
  log_format               = "json"

  lifecycle {
    create_before_destroy = true
  }
}
