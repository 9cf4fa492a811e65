# What a receiver stored, one event a line, and a copy of the region's signing keys.
locals {
  lines = compact(split("\n", file("${path.module}/events.log")))
  jwks  = file("${path.module}/jwks.json")
}

output "all_authentic" {
  description = "Whether Konnect signed every stored event."
  value = alltrue([
    for line in local.lines : provider::konnect::verify_audit_event(line, local.jwks)
  ])
}
