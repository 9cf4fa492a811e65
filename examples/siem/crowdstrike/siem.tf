# CrowdStrike Falcon Next-Gen SIEM: the connector "HEC / HTTP Event", in CrowdStrike's own format.
#
# The connector: https://developer.crowdstrike.com/ngsiem/data-ingestion/

variable "crowdstrike_url" {
  description = "API URL that the connector shows. It already ends in /services/collector: set it unchanged, nothing is added."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^?#]+/services/collector$", var.crowdstrike_url))
    error_message = "Set an HTTPS URL that ends in /services/collector."
  }
}

variable "crowdstrike_token" {
  description = "API key of the connector, without the word Bearer."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = can(regex("^\\S+$", var.crowdstrike_token))
    error_message = "Set the key alone, without the word Bearer."
  }
}

# With cps each line is a JSON object with the event under "event", as the connector expects.
resource "konnect_audit_log_destination" "siem" {
  name             = "CrowdStrike"
  endpoint         = var.crowdstrike_url
  authorization_wo = "Bearer ${var.crowdstrike_token}"
  log_format       = "cps"

  lifecycle {
    create_before_destroy = true
  }
}
