# CrowdStrike: events to Falcon Next-Gen SIEM, or to Falcon LogScale, in CrowdStrike's own format.
#
# Next-Gen SIEM, the connector "HEC / HTTP Event": https://developer.crowdstrike.com/ngsiem/data-ingestion/
# LogScale, its HEC endpoint:                      https://library.humio.com/logscale-api/log-shippers-hec.html

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

variable "crowdstrike_url" {
  description = "Next-Gen SIEM: the API URL that the connector shows, with /services/collector at its end. LogScale: https://HOST/api/v1/ingest/hec."
  type        = string

  validation {
    condition     = can(regex("^https://[^?#]+/(services/collector|api/v1/ingest/hec)$", var.crowdstrike_url))
    error_message = "Give an HTTPS URL that ends in /services/collector or /api/v1/ingest/hec."
  }
}

variable "crowdstrike_token" {
  description = "The API key of the connector, or the ingest token of the LogScale repository, without the word Bearer."
  type        = string
  ephemeral   = true

  validation {
    condition     = can(regex("^\\S+$", var.crowdstrike_token))
    error_message = "Give the key alone, without the word Bearer."
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

# With cps each line is a JSON object with the event under "event", which is what HEC takes.
resource "konnect_audit_log_destination" "crowdstrike" {
  name             = "CrowdStrike"
  endpoint         = var.crowdstrike_url
  authorization_wo = "Bearer ${var.crowdstrike_token}"
  log_format       = "cps"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.crowdstrike.id
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
