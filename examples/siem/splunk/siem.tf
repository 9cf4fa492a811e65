# Splunk: the raw endpoint of the HTTP Event Collector (HEC), one event per line.
#
# Collector and token: https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/use-the-http-event-collector-in-splunk-web
# Splunk Cloud hosts:  https://help.splunk.com/splunk-cloud-platform/get-started/get-data-in/9.3.2411/get-data-with-http-event-collector/set-up-and-use-http-event-collector-in-splunk-web
# Raw endpoint:        https://help.splunk.com/en/splunk-enterprise/get-started/get-data-in/9.0/get-data-with-http-event-collector/http-event-collector-rest-api-endpoints

variable "splunk_hec_url" {
  description = "Address of the HTTP Event Collector without a path: https://HOST:8088 for Splunk Enterprise. For Splunk Cloud: https://http-inputs-STACK.splunkcloud.com on AWS (a free trial: with :8088), https://http-inputs.STACK.splunkcloud.com on Google Cloud and Azure."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/?#]+$", var.splunk_hec_url))
    error_message = "Set scheme, host and port only, such as https://splunk.example.com:8088. The path is added."
  }
}

variable "splunk_hec_token" {
  description = "Token of the collector, a GUID, without the word Splunk. Choose its index when you create it."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.splunk_hec_token))
    error_message = "A token of the collector is a GUID, such as 12345678-1234-1234-1234-1234567890ab, without the word Splunk."
  }
}

variable "splunk_channel" {
  description = "Any GUID of your own. The raw endpoint requires one, to distinguish senders."
  type        = string
  default     = "7c9f5d1e-0f4b-4b53-9a57-6a1a3c5b2d10"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.splunk_channel))
    error_message = "A channel is a GUID."
  }
}

# Disable indexer acknowledgment for the token: Konnect does not request acknowledgments.
resource "konnect_audit_log_destination" "siem" {
  name             = "Splunk"
  endpoint         = "${var.splunk_hec_url}/services/collector/raw?channel=${var.splunk_channel}&sourcetype=_json"
  authorization_wo = "Splunk ${var.splunk_hec_token}"
  log_format       = "json"

  lifecycle {
    create_before_destroy = true
  }
}
