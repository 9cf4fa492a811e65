terraform import konnect_audit_log_webhook.eu eu

# The webhook of a Dev Portal:
terraform import konnect_audit_log_webhook.developers eu/3b9c1d52-7c1e-4f0a-9d5e-2f6a8b4c0e17
