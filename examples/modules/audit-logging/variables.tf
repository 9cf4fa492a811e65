variable "destination" {
  description = "Where the events are sent. Set `endpoint` (HTTPS URL of the SIEM's collector, stored in the state) to create a destination, or `id` to use an existing one. `log_format` is `cef`, `json` or `cps` (CrowdStrike). `skip_ssl_verification` is for self-signed certificates outside production."
  type = object({
    id                    = optional(string)
    endpoint              = optional(string)
    name                  = optional(string, "SIEM")
    log_format            = optional(string, "cef")
    skip_ssl_verification = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = (var.destination.id == null) != (var.destination.endpoint == null)
    error_message = "Set exactly one of id and endpoint."
  }

  validation {
    condition     = var.destination.endpoint == null ? true : startswith(var.destination.endpoint, "https://")
    error_message = "Konnect delivers to HTTPS only: the endpoint must begin with https://."
  }

  validation {
    condition     = trimspace(var.destination.name) != ""
    error_message = "The name is blank."
  }

  validation {
    condition     = contains(["cef", "json", "cps"], var.destination.log_format)
    error_message = "Konnect writes events as cef, json or cps."
  }
}

variable "authorization" {
  description = "Value of the Authorization header that Konnect sends to the endpoint, with its scheme. It is not stored. Required to create a destination. Without it, the credential of an existing destination does not change."
  type        = string
  default     = null
  ephemeral   = true

  validation {
    condition     = var.authorization == null ? true : trimspace(var.authorization) != ""
    error_message = "The authorization is blank. Set the header that the collector expects."
  }
}

variable "authorization_version" {
  description = "Version of the authorization, a whole number. With a version, the authorization is sent when the version changes, and no hash of it is stored. Without one, it is sent when its value changes."
  type        = number
  default     = null

  validation {
    condition     = var.authorization_version == null ? true : var.authorization_version >= 0 && floor(var.authorization_version) == var.authorization_version
    error_message = "The version is a whole number, 0 or greater."
  }
}

variable "regions" {
  description = "Regions whose audit events are delivered, by name. Removing a region removes its webhook. `enabled = false` keeps the webhook, switched off and without a warning."
  type = map(object({
    enabled = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for region in keys(var.regions) : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", region))])
    error_message = "Write regions as in the host of Konnect's API, in lower case: \"eu\", \"us\"."
  }
}

variable "portals" {
  description = "Dev Portals whose audit events are delivered, by a name of your choice."
  type = map(object({
    portal_id = string
    region    = string
    enabled   = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.portals) + length(var.regions) > 0
    error_message = "Set at least one region or portal: without a webhook nothing is delivered."
  }
}

variable "replace_existing" {
  description = "Whether the module may redirect the webhook of a region or portal that already delivers elsewhere. If false, the apply fails."
  type        = bool
  default     = false
  nullable    = false
}
