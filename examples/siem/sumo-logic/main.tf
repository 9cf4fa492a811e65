# Sumo Logic: events to an HTTP Logs and Metrics source of a hosted collector.
#
# The source: https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/logs-metrics/
# Kong's own walk through it: https://developer.konghq.com/how-to/collect-audit-logs-with-sumologic

terraform {
  required_version = ">= 1.11"

  required_providers {
    konnect = {
      source = "konnect-audit/konnect"
    }
  }
}

# The access token comes from the environment: KONNECT_TOKEN for a personal access token,
# KONNECT_SPAT for a system account's.
provider "konnect" {}

variable "sumo_logic_source_url" {
  description = "URL of the HTTP source. Whoever has it can send to the source: it is a secret."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^https://[^/?#]+\\.sumologic\\.com/receiver/v1/http/[^/?#]+$", var.sumo_logic_source_url))
    error_message = "The URL of an HTTP source looks like https://ENDPOINT.collection.sumologic.com/receiver/v1/http/CODE."
  }
}

variable "regions" {
  description = "Regions whose audit events are delivered."
  type        = set(string)
  default     = ["eu", "us"]

  validation {
    condition     = length(var.regions) > 0
    error_message = "Give at least one region, such as \"eu\"."
  }
}

# The endpoint is a secret here, and Terraform stores it in the state: guard the state as you would the URL. The CLI shows
# it as (sensitive value), because the variable is sensitive. The authorization is none: the source goes by its URL, and
# Konnect has no destination without one. Give no key of your account away for it.
resource "konnect_audit_log_destination" "sumo_logic" {
  name             = "Sumo Logic"
  endpoint         = var.sumo_logic_source_url
  authorization_wo = "Bearer unused"
  log_format       = "cef"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.sumo_logic.id
}

data "konnect_audit_log_webhook_status" "stream" {
  for_each = var.regions

  region     = each.key
  depends_on = [konnect_audit_log_webhook.stream]
}

check "audit_log_delivery" {
  assert {
    condition = alltrue([
      for status in data.konnect_audit_log_webhook_status.stream : status.healthy
    ])
    error_message = join("\n", [
      for status in data.konnect_audit_log_webhook_status.stream : status.explanation if !status.healthy
    ])
  }
}
