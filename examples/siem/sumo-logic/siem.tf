# Sumo Logic: an HTTP Logs and Metrics source of a hosted collector.
#
# The source:      https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/logs-metrics/
# Kong's tutorial: https://developer.konghq.com/how-to/collect-audit-logs-with-sumologic

variable "sumo_logic_source_url" {
  description = "URL of the HTTP source. It is a secret: anyone who has it can send to the source."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/?#]+\\.sumologic\\.com/receiver/v1/http/[^/?#]+$", var.sumo_logic_source_url))
    error_message = "The URL of an HTTP source looks like https://ENDPOINT.collection.sumologic.com/receiver/v1/http/CODE."
  }
}

# The URL is the secret, so it is write-only: the state has only its host. The source ignores the authorization, so it needs
# no key.
resource "konnect_audit_log_destination" "siem" {
  name             = "Sumo Logic"
  endpoint_wo      = var.sumo_logic_source_url
  authorization_wo = "Bearer unused-by-sumo-logic"
  log_format       = "cef"

  lifecycle {
    create_before_destroy = true
  }
}
