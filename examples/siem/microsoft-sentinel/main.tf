# Microsoft Sentinel: events to Logstash with the input "http", which sends them on with Microsoft's output plugin.
#
# Sentinel's own Logs Ingestion API wants an OAuth token that expires within hours, and a JSON array. Konnect sends one
# fixed authorization, and lines:
# https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview
# The output plugin: https://learn.microsoft.com/azure/sentinel/connect-logstash-data-connection-rules
# The input:         https://www.elastic.co/guide/en/logstash/current/plugins-inputs-http.html

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

variable "sentinel_collector_url" {
  description = "HTTPS URL at which Konnect reaches the http input of Logstash."
  type        = string

  validation {
    condition     = startswith(var.sentinel_collector_url, "https://") && !can(regex("\\.ingest\\.monitor\\.azure\\.com", var.sentinel_collector_url))
    error_message = "Give the HTTPS URL of the collector, not of the Logs Ingestion API, whose tokens expire."
  }
}

variable "sentinel_user" {
  description = "User name that the collector asks for."
  type        = string
  default     = "konnect"

  validation {
    condition     = can(regex("^[^:\\s]+$", var.sentinel_user))
    error_message = "The user name of basic authentication has no colon and no white space."
  }
}

variable "sentinel_password" {
  description = "Password that the collector asks for."
  type        = string
  ephemeral   = true

  validation {
    condition     = length(var.sentinel_password) >= 16
    error_message = "The password guards an endpoint on the internet: give at least 16 random characters."
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

resource "konnect_audit_log_destination" "sentinel" {
  name             = "Microsoft Sentinel"
  endpoint         = var.sentinel_collector_url
  authorization_wo = "Basic ${base64encode("${var.sentinel_user}:${var.sentinel_password}")}"
  log_format       = "json"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.sentinel.id
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
