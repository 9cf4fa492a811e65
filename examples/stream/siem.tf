# Any HTTPS collector. examples/siem has the file for your SIEM: replace this one with it.

variable "collector_url" {
  description = "HTTPS URL of the collector."
  type        = string
  nullable    = false
}

variable "collector_authorization" {
  description = "Value of the Authorization header that the collector expects, with its scheme."
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = can(regex("^\\S+ \\S", var.collector_authorization))
    error_message = "Set the whole header: the scheme, a space, and the value."
  }
}

resource "konnect_audit_log_destination" "siem" {
  name             = "SIEM"
  endpoint         = var.collector_url
  authorization_wo = var.collector_authorization
  log_format       = "json"

  lifecycle {
    create_before_destroy = true
  }
}
