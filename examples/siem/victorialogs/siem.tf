# VictoriaLogs: JSON lines, with its own TLS (-tls) or behind a proxy that terminates HTTPS.
#
# The endpoint: https://docs.victoriametrics.com/victorialogs/data-ingestion/#json-stream-api

variable "victorialogs_url" {
  description = "Address of VictoriaLogs without a path, such as https://logs.example.com."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/?#]+$", var.victorialogs_url))
    error_message = "Set scheme, host and port only. The path is added."
  }
}

variable "victorialogs_user" {
  description = "User name of its basic authentication (-httpAuth.username)."
  type        = string
  default     = "konnect"
  nullable    = false

  validation {
    condition     = can(regex("^[^:\\s]+$", var.victorialogs_user))
    error_message = "The user name of basic authentication has no colon and no white space."
  }
}

variable "victorialogs_password" {
  description = "Password of its basic authentication (-httpAuth.password)."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.victorialogs_password) >= 16
    error_message = "The password protects an endpoint on the internet: set at least 16 random characters."
  }
}

resource "konnect_audit_log_destination" "siem" {
  name                     = "VictoriaLogs"
  endpoint                 = "${var.victorialogs_url}/insert/jsonline?_stream_fields=event_product,event_class_id&_time_field=rt&_msg_field=name"
  authorization_wo         = "Basic ${base64encode("${var.victorialogs_user}:${var.victorialogs_password}")}"
  authorization_wo_version = 1 # increment it with each new password
  log_format               = "json"

  lifecycle {
    create_before_destroy = true
  }
}
