terraform {
  # For write-only arguments and ephemeral variables, in Terraform and OpenTofu.
  required_version = ">= 1.11"

  required_providers {
    konnect = {
      source  = "konnect-audit/konnect"
      version = ">= 0.1"
    }
  }
}
