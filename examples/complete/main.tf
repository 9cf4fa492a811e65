# Delivers the audit events of an organization to one SIEM with the module, and checks the deliveries.

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

variable "siem_endpoint" {
  description = "HTTPS URL of the SIEM's collector."
  type        = string
}

variable "siem_authorization" {
  description = "Value of the Authorization header that the collector expects, with its scheme."
  type        = string
  ephemeral   = true
}

module "audit_logging" {
  source = "../modules/audit-logging"

  destination = {
    endpoint   = var.siem_endpoint
    log_format = "json"
  }
  authorization = var.siem_authorization

  streams = {
    au = {}
    eu = {}
    us = {}
  }
}

output "destination_id" {
  description = "Id of the destination, for webhooks of other configurations."
  value       = module.audit_logging.destination_id
}
