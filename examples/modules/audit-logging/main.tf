locals {
  # A stream has the region of its name, unless it specifies another.
  regions   = { for name, stream in var.streams : name => coalesce(stream.region, name) }
  watched   = var.watched_regions == null ? data.konnect_regions.all.stable : var.watched_regions
  unmanaged = [for region, status in data.konnect_audit_log_webhook_status.other : region if status.webhook_enabled]
  shared_id = var.destination.endpoint == null ? var.destination.id : one(konnect_audit_log_destination.siem[*].id)
}

# Where the events are sent.
resource "konnect_audit_log_destination" "siem" {
  count = var.destination.endpoint == null ? 0 : 1

  name                     = var.destination.name
  endpoint                 = var.destination.endpoint
  authorization_wo         = var.authorization
  authorization_wo_version = var.authorization_version
  log_format               = var.destination.log_format
  skip_ssl_verification    = var.destination.skip_ssl_verification

  # A webhook moves to another destination before this one is removed.
  lifecycle {
    create_before_destroy = true
  }
}

# The destinations of streams that have an endpoint of their own.
resource "konnect_audit_log_destination" "own" {
  for_each = { for name, stream in var.streams : name => stream.endpoint if stream.endpoint != null }

  name                     = "${var.destination.name} ${each.key}"
  endpoint                 = each.value
  authorization_wo         = var.authorization
  authorization_wo_version = var.authorization_version
  log_format               = var.destination.log_format
  skip_ssl_verification    = var.destination.skip_ssl_verification

  lifecycle {
    create_before_destroy = true
  }
}

# Each region and each Dev Portal has one webhook.
resource "konnect_audit_log_webhook" "stream" {
  for_each = var.streams

  region                   = local.regions[each.key]
  portal_id                = each.value.portal_id
  audit_log_destination_id = each.value.endpoint == null ? local.shared_id : konnect_audit_log_destination.own[each.key].id
  enabled                  = each.value.enabled
  replace_existing         = var.replace_existing
}

# If a plan changes a webhook, the apply reads the status after the change.
data "konnect_audit_log_webhook_status" "stream" {
  for_each = var.streams

  region     = local.regions[each.key]
  portal_id  = each.value.portal_id
  depends_on = [konnect_audit_log_webhook.stream]
}

# Warns if a stream does not deliver, and reports why. A plan that changes a webhook does not know yet. It ignores streams
# that are switched off on purpose.
check "audit_log_delivery" {
  assert {
    condition = alltrue([
      for name, status in data.konnect_audit_log_webhook_status.stream :
      status.healthy if var.streams[name].enabled
    ])
    error_message = join("\n", compact([
      for name, status in data.konnect_audit_log_webhook_status.stream :
      status.healthy ? "" : status.explanation if var.streams[name].enabled
    ]))
  }
}

data "konnect_regions" "all" {}

# Regions whose webhook this module does not manage.
data "konnect_audit_log_webhook_status" "other" {
  for_each = setsubtract(local.watched, [for name, stream in var.streams : local.regions[name] if stream.portal_id == null])

  region     = each.key
  depends_on = [konnect_audit_log_webhook.stream]
}

# Warns if another region has a webhook that is switched on, and names it: somebody may send its events elsewhere.
check "unmanaged_streams" {
  assert {
    condition     = length(local.unmanaged) == 0
    error_message = "These regions have a webhook that is switched on, and that the module does not manage: ${join(", ", local.unmanaged)}."
  }
}
