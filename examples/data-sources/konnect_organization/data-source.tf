data "konnect_organization" "this" {}

output "organization" {
  value = "${data.konnect_organization.this.name} (${data.konnect_organization.this.id})"
}
