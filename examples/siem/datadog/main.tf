# Datadog: events to an Observability Pipelines Worker with the source "HTTP Server", which sends them on to Datadog.
#
# Datadog's own intake asks for the header DD-API-KEY, and Konnect sends no header but Authorization:
# https://docs.datadoghq.com/api/latest/logs/
# The source, with the authorization strategy "Plain", TLS, and the decoding of newline-delimited JSON or bytes:
# https://docs.datadoghq.com/observability_pipelines/sources/http_server/

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

variable "datadog_worker_url" {
  description = "HTTPS URL at which Konnect reaches the Worker."
  type        = string

  validation {
    condition     = startswith(var.datadog_worker_url, "https://") && !can(regex("[?&](dd-)?api[-_]key=", var.datadog_worker_url))
    error_message = "Give the HTTPS URL of the Worker, and no API key in it: the URL is stored in the state."
  }
}

variable "datadog_user" {
  description = "User name that the collector asks for."
  type        = string
  default     = "konnect"

  validation {
    condition     = can(regex("^[^:\\s]+$", var.datadog_user))
    error_message = "The user name of basic authentication has no colon and no white space."
  }
}

variable "datadog_password" {
  description = "Password that the collector asks for."
  type        = string
  ephemeral   = true

  validation {
    condition     = length(var.datadog_password) >= 16
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

resource "konnect_audit_log_destination" "datadog" {
  name             = "Datadog"
  endpoint         = var.datadog_worker_url
  authorization_wo = "Basic ${base64encode("${var.datadog_user}:${var.datadog_password}")}"
  log_format       = "json"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.datadog.id
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
