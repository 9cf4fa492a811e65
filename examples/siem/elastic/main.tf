# Elastic: events to Logstash with the input "http", which writes them to Elasticsearch.
#
# Elasticsearch itself would take "ApiKey ..." as the authorization, but its _bulk API wants a line with an action before
# each event, which Konnect does not write:
# https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-bulk.html
# The input, with user, password, TLS and the codec json_lines:
# https://www.elastic.co/guide/en/logstash/current/plugins-inputs-http.html

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

variable "elastic_logstash_url" {
  description = "HTTPS URL at which Konnect reaches the http input of Logstash."
  type        = string

  validation {
    condition     = startswith(var.elastic_logstash_url, "https://") && !can(regex("/_bulk", var.elastic_logstash_url))
    error_message = "Give the HTTPS URL of Logstash, not of Elasticsearch, whose _bulk API can't read Konnect's events."
  }
}

variable "elastic_user" {
  description = "User name that the collector asks for."
  type        = string
  default     = "konnect"

  validation {
    condition     = can(regex("^[^:\\s]+$", var.elastic_user))
    error_message = "The user name of basic authentication has no colon and no white space."
  }
}

variable "elastic_password" {
  description = "Password that the collector asks for."
  type        = string
  ephemeral   = true

  validation {
    condition     = length(var.elastic_password) >= 16
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

resource "konnect_audit_log_destination" "elastic" {
  name             = "Elastic"
  endpoint         = var.elastic_logstash_url
  authorization_wo = "Basic ${base64encode("${var.elastic_user}:${var.elastic_password}")}"
  log_format       = "json"
}

resource "konnect_audit_log_webhook" "stream" {
  for_each = var.regions

  region                   = each.key
  audit_log_destination_id = konnect_audit_log_destination.elastic.id
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
