variable "siem_endpoint" {
  description = "HTTPS URL of the SIEM's collector."
  type        = string
}

variable "siem_authorization" {
  description = "What the collector expects as the Authorization header, with its scheme: \"Bearer ...\", \"Splunk ...\"."
  type        = string
  ephemeral   = true
}

variable "regions" {
  description = "Regions whose audit events are delivered."
  type        = set(string)
  default     = ["au", "eu", "us"]
}
