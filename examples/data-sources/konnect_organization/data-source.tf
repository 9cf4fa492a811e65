variable "organization_name" {
  description = "Organization that this configuration is for."
  type        = string
  default     = "Example"
}

data "konnect_organization" "current" {}

check "organization" {
  assert {
    condition     = data.konnect_organization.current.name == var.organization_name
    error_message = "The access token is of another organization: ${data.konnect_organization.current.name}."
  }
}
