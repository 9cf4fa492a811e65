# A destination in the default region, global:
terraform import konnect_audit_log_destination.siem 7f9fd312-a987-4628-b4c5-bb4f4fddd5f7

# A destination in another region:
terraform import konnect_audit_log_destination.siem eu/7f9fd312-a987-4628-b4c5-bb4f4fddd5f7
