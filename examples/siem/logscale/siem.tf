# Falcon LogScale (Humio): the raw endpoint of its HEC API, one event per line.
#
# The endpoint: https://library.humio.com/logscale-api/log-shippers-hec.html

variable "logscale_url" {
  description = "Address of LogScale without a path, such as https://cloud.community.humio.com."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/?#]+$", var.logscale_url))
    error_message = "Set scheme, host and port only. The path is added."
  }
}

variable "logscale_ingest_token" {
  description = "Ingest token of the repository, without the word Bearer. Assign a parser to it that reads JSON."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = can(regex("^\\S+$", var.logscale_ingest_token))
    error_message = "Set the token alone, without the word Bearer."
  }
}

resource "konnect_audit_log_destination" "siem" {
  name             = "LogScale"
  endpoint         = "${var.logscale_url}/api/v1/ingest/hec/raw"
  authorization_wo = "Bearer ${var.logscale_ingest_token}"
  log_format       = "json"

  lifecycle {
    create_before_destroy = true
  }
}
