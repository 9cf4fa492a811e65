# Splunk: events to the HTTP Event Collector (HEC), one event a line.
#
# The collector:       https://docs.splunk.com/Documentation/Splunk/latest/Data/UsetheHTTPEventCollector
# Token and channel:   https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
# The raw endpoint:    https://help.splunk.com/en/splunk-enterprise/get-started/get-data-in/9.0/get-data-with-http-event-collector/http-event-collector-rest-api-endpoints

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

variable "splunk_hec_url" {
  description = "Address of the HTTP Event Collector without a path: https://splunk.example.com:8088, or https://http-inputs-STACK.splunkcloud.com for Splunk Cloud."
  type        = string

  validation {
    condition     = can(regex("^https://[^/?#]+$", var.splunk_hec_url))
    error_message = "Give scheme, host and port only, such as https://splunk.example.com:8088: the path is added."
  }
}

variable "splunk_hec_token" {
  description = "Token of the collector, a GUID, without the word Splunk."
  type        = string
  ephemeral   = true

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.splunk_hec_token))
    error_message = "A token of the collector is a GUID, such as 12345678-1234-1234-1234-1234567890ab, without the word Splunk."
  }
}

variable "splunk_channel" {
  description = "Any GUID of your own. The raw endpoint asks for one, to tell senders apart."
  type        = string
  default     = "7c9f5d1e-0f4b-4b53-9a57-6a1a3c5b2d10"

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.splunk_channel))
    error_message = "A channel is a GUID."
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

# Konnect sends lines of text, so the endpoint is the raw one: the other one takes JSON in Splunk's own envelope.
# Leave indexer acknowledgment off for the token, since Konnect asks for no acknowledgments.
resource "konnect_audit_log_destination" "splunk" {
  name             = "Splunk"
  endpoint         = "${var.splunk_hec_url}/services/collector/raw?channel=${var.splunk_channel}&sourcetype=_json"
  authorization_wo = "Splunk ${var.splunk_hec_token}"
  log_format       = "json"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.splunk.id
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
