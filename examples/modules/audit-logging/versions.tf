terraform {
  # For write-only arguments and ephemeral variables. The same number holds for OpenTofu.
  required_version = ">= 1.11"

  required_providers {
    konnect = {
      source  = "konnect-audit/konnect"
      version = ">= 0.1"
    }
  }
}
