# The audit events of an organization, delivered to one SIEM by the module, and watched.

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
  default     = "https://siem.example.com/konnect-audit-logs"
}

variable "siem_authorization" {
  description = "What the collector expects as the Authorization header, with its scheme."
  type        = string
  ephemeral   = true
}

variable "regions" {
  description = "Regions whose audit events are delivered."
  type        = set(string)
  default     = ["au", "eu", "us"]
}

module "audit_logging" {
  source = "../modules/audit-logging"

  endpoint      = var.siem_endpoint
  authorization = var.siem_authorization
  log_format    = "json"
  regions       = var.regions
}

output "destination_id" {
  description = "Id of the destination, for webhooks of other configurations."
  value       = module.audit_logging.destination_id
}

output "delivery" {
  description = "State of the stream of each region."
  value       = module.audit_logging.delivery
}
