# Any HTTPS collector. What it has to take, as Kong tells it:
# https://docs.konghq.com/konnect/org-management/audit-logging/webhook/

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

variable "collector_url" {
  description = "HTTPS URL of the collector."
  type        = string

  validation {
    condition     = startswith(var.collector_url, "https://")
    error_message = "Konnect delivers to HTTPS only."
  }
}

variable "collector_authorization" {
  description = "What the collector expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true

  validation {
    condition     = can(regex("^\\S+ \\S", var.collector_authorization))
    error_message = "Give the scheme as well, such as Bearer, a space and the token."
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

resource "konnect_audit_log_destination" "collector" {
  name             = "Collector"
  endpoint         = var.collector_url
  authorization_wo = var.collector_authorization
  log_format       = "json"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.collector.id
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
