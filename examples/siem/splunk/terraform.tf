# So that this folder is valid by itself. main.tf of examples/stream has the same.
terraform {
  required_version = ">= 1.11"

  required_providers {
    konnect = {
      source = "konnect-audit/konnect"
    }
  }
}
