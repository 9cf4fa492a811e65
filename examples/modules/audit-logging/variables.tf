variable "endpoint" {
  description = "HTTPS URL of the SIEM's collector. It is stored in the state."
  type        = string

  validation {
    condition     = startswith(var.endpoint, "https://")
    error_message = "Konnect delivers to HTTPS only: the endpoint has to begin with https://."
  }
}

variable "authorization" {
  description = "What Konnect sends to the endpoint as the Authorization header, with its scheme. It is stored nowhere."
  type        = string
  ephemeral   = true

  validation {
    condition     = trimspace(var.authorization) != ""
    error_message = "The authorization is blank. Konnect sends one with every delivery, so give what the collector expects."
  }
}

variable "authorization_version" {
  description = "Version of the authorization, for values that are new in every run: it is then sent only when the version changes. Null, which is the default, sends it when its value changes."
  type        = number
  default     = null

  validation {
    condition     = var.authorization_version == null ? true : var.authorization_version >= 0 && floor(var.authorization_version) == var.authorization_version
    error_message = "The version is a whole number, 0 or greater."
  }
}

variable "regions" {
  description = "Regions whose audit events are delivered. Taking one out removes its webhook."
  type        = set(string)

  validation {
    condition     = length(var.regions) > 0
    error_message = "Give at least one region, such as \"eu\": without a webhook nothing is delivered."
  }

  validation {
    condition     = alltrue([for region in var.regions : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", region))])
    error_message = "Regions are written as in the host of Konnect's API, in lower case: \"eu\", \"us\", \"global\"."
  }
}

variable "name" {
  description = "Name of the destination, for people."
  type        = string
  default     = "SIEM"

  validation {
    condition     = trimspace(var.name) != ""
    error_message = "The name is blank."
  }
}

variable "log_format" {
  description = "Format of the events: cef, json or cps (CrowdStrike)."
  type        = string
  default     = "cef"

  validation {
    condition     = contains(["cef", "json", "cps"], var.log_format)
    error_message = "Konnect writes events as cef, json or cps."
  }
}

variable "enabled" {
  description = "Whether events are delivered. With false the configuration is kept, and nothing is sent."
  type        = bool
  default     = true
}

variable "replace_existing" {
  description = "Whether the webhook of a region that delivers elsewhere already may be redirected. By default that is refused."
  type        = bool
  default     = false
}
