variable "destination" {
  description = "Where the events are sent. Set `endpoint` (HTTPS URL of the SIEM's collector, stored in the state) to create a destination, `id` to use an existing one, or neither if each stream has an endpoint of its own. `log_format` is `cef`, `json` or `cps` (CrowdStrike). `skip_ssl_verification` is for self-signed certificates outside production."
  type = object({
    id                    = optional(string)
    endpoint              = optional(string)
    name                  = optional(string, "SIEM")
    log_format            = optional(string, "cef")
    skip_ssl_verification = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = var.destination.id == null || var.destination.endpoint == null
    error_message = "Set one of id and endpoint, not both."
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
}

variable "authorization_version" {
  description = "Version of the authorization, a whole number. With a version, the authorization is sent when the version changes, and no hash of it is stored. Without one, it is sent when its value changes, except for `Basic` values and values of fewer than 16 characters."
  type        = number
  default     = null

  validation {
    condition     = var.authorization_version == null ? true : var.authorization_version >= 0 && floor(var.authorization_version) == var.authorization_version
    error_message = "The version is a whole number, 0 or greater."
  }
}

variable "streams" {
  description = "Streams to set up, by name. The name is the region, unless `region` is set. `portal_id` makes it the stream of a Dev Portal. `endpoint` gives it a destination of its own, with the other settings of `destination`. `enabled = false` keeps the webhook, switched off and without a warning. Removing a stream removes its webhook."
  type = map(object({
    region    = optional(string)
    portal_id = optional(string)
    endpoint  = optional(string)
    enabled   = optional(bool, true)
  }))
  nullable = false

  validation {
    condition     = length(var.streams) > 0
    error_message = "Set at least one stream: without a webhook nothing is delivered."
  }

  validation {
    condition     = var.destination.id != null || var.destination.endpoint != null || alltrue([for stream in var.streams : stream.endpoint != null])
    error_message = "Set id or endpoint of the destination, or the endpoint of each stream."
  }

  validation {
    condition     = alltrue([for name, stream in var.streams : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", coalesce(stream.region, name)))])
    error_message = "Write regions as in the host of Konnect's API, in lower case: \"eu\", \"us\"."
  }

  validation {
    condition     = alltrue([for stream in var.streams : stream.portal_id == null || stream.region != null])
    error_message = "Set the region of each Dev Portal."
  }

  validation {
    condition     = alltrue([for stream in var.streams : stream.endpoint == null ? true : startswith(stream.endpoint, "https://")])
    error_message = "Konnect delivers to HTTPS only: the endpoint must begin with https://."
  }
}

variable "replace_existing" {
  description = "Whether the module may redirect webhooks that are switched on. If false, the apply fails for them."
  type        = bool
  default     = false
  nullable    = false
}

variable "watched_regions" {
  description = "Regions in which the module looks for a webhook that it does not manage and that is switched on. Null: all that Konnect lists as stable. Empty: none."
  type        = set(string)
  default     = null
}
