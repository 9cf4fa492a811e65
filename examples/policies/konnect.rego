# Rules for a plan of audit log streams, for `conftest` and `opa`. README.md describes how to run them.
#
# `data.konnect` holds the settings: see settings.json.
package main

import rego.v1

# Anything else than `terraform show -json PLAN` would pass all rules.
deny contains "The input is not a plan in JSON." if not input.planned_values

# The resources that the plan leads to, of all modules.
planned contains resource if {
	some node
	walk(input.planned_values.root_module, [_, node])
	some resource in node.resources
	resource.mode == "managed"
}

streams contains resource if {
	some resource in planned
	resource.type == "konnect_audit_log_webhook"
}

# Destinations, and streams with an endpoint of their own.
targets contains resource if {
	some resource in planned
	resource.type in {"konnect_audit_log_destination", "konnect_audit_log_webhook"}
}

has(resource, attribute) if is_string(resource.values[attribute])

# What Terraform does not know before the apply.
unknown(resource, attribute) if {
	some change in input.resource_changes
	change.address == resource.address
	change.change.after_unknown[attribute] == true
}

# 1. Every stable region has an enabled stream. The data source `konnect_regions` names the regions. It is in the prior
# state, or, if it is read during the apply, nowhere.
region_lists contains values if {
	some key in {"prior_state", "planned_values"}
	some node
	walk(input[key], [_, node])
	some resource in node.resources
	resource.mode == "data"
	resource.type == "konnect_regions"
	values := resource.values
	is_array(values.stable)
}

covered contains stream.values.region if {
	some stream in streams
	stream.values.enabled == true
	not has(stream, "portal_id")
	not unknown(stream, "portal_id")
}

deny contains message if {
	some values in region_lists
	some region in values.stable
	not region in covered
	message := sprintf("Region %s has no enabled stream.", [region])
}

warn contains message if {
	count(region_lists) == 0
	message := "The plan has no data source konnect_regions: regions without a stream are not found."
}

# 2. Events go to allowed hosts only.
allowed contains bare(host) if some host in data.konnect.allowed_hosts

# Port 443 is the default.
bare(host) := lower(trim_suffix(host, ":443"))

host(target) := bare(target.values.endpoint_host)

host(target) := bare(from_url) if {
	not has(target, "endpoint_host")
	authority := regex.find_all_string_submatch_n(`^[A-Za-z]+://([^/?#\\]*)`, target.values.endpoint, 1)[0][1]
	parts := split(authority, "@")
	from_url := parts[count(parts) - 1]
}

deny contains message if {
	some target in targets
	sends(target)
	not is_allowed(target)
	message := sprintf("%s sends events to %s, which is not an allowed host.", [target.address, shown(target)])
}

warn contains message if {
	some target in targets
	host_is_unknown(target)
	message := sprintf("%s sends events to a host that is known only after the apply.", [target.address])
}

is_allowed(target) if host(target) in allowed

# A stream to a destination has no endpoint.
sends(target) if has(target, "endpoint")

sends(target) if has(target, "endpoint_host")

host_is_unknown(target) if {
	not sends(target)
	some attribute in {"endpoint", "endpoint_host"}
	unknown(target, attribute)
	not has(target, "audit_log_destination_id")
	not unknown(target, "audit_log_destination_id")
}

shown(target) := host(target)

shown(target) := "a URL without a host" if not has_host(target)

has_host(target) if host(target)

# 3. Konnect checks the certificate of the receiver.
deny contains message if {
	some target in targets
	target.values.skip_ssl_verification == true
	message := sprintf("%s does not check the certificate of the receiver.", [target.address])
}

# 4. A stream is destroyed or switched off only if its id, REGION or REGION/PORTAL_ID, is in `stop_streams`.
deny contains message if {
	some change in input.resource_changes
	change.type == "konnect_audit_log_webhook"
	change.mode == "managed"
	change.change.before.enabled == true
	some verb in stops(change.change)
	id := stream_id(change.change.before)
	not may_stop(id)
	message := sprintf("%s: the plan %s the stream %s, which is not in stop_streams.", [change.address, verb, id])
}

may_stop(id) if id in data.konnect.stop_streams

stops(change) := {"destroys"} if {
	"delete" in change.actions
} else := {"switches off"} if {
	"update" in change.actions
	not stays_on(change)
} else := set()

stays_on(change) if change.after.enabled == true

stream_id(values) := sprintf("%s/%s", [values.region, values.portal_id]) if {
	is_string(values.portal_id)
} else := values.region

# 5. No credential is stored in clear.
deny contains message if {
	some target in targets
	stores_credential(target)
	message := sprintf("%s stores its credential in the state: use authorization_wo.", [target.address])
}

stores_credential(target) if has(target, "authorization")

stores_credential(target) if unknown(target, "authorization")

deny contains message if {
	some target in targets
	regex.match(`^[^?#]*\?|^[A-Za-z]+://[^/?#\\]*@`, target.values.endpoint)
	message := sprintf("%s has a query or a password in its URL: use endpoint_wo.", [target.address])
}
