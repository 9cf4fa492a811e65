# Checks the plan of the module with a mocked provider, without a server or a token.

# By default, a mocked status is not healthy, and the module's check fails the run.
mock_provider "konnect" {
  mock_data "konnect_audit_log_webhook_status" {
    defaults = {
      healthy = true
    }
  }

  mock_data "konnect_portal_audit_log_webhook_status" {
    defaults = {
      healthy = true
    }
  }
}

variables {
  destination = {
    endpoint = "https://siem.example.com/konnect-audit-logs"
  }
  authorization = "Bearer terraform-test"
}

run "regions_and_portals_share_one_destination" {
  variables {
    regions = {
      eu = {}
      us = {}
    }
    portals = {
      developers = {
        portal_id = "f32d905a-ed33-46a3-a093-d8f536af9a8a"
        region    = "eu"
      }
    }
  }

  assert {
    condition     = toset(keys(output.webhooks)) == toset(["eu", "us", "portal/developers"])
    error_message = "Each region and each portal has a webhook."
  }

  assert {
    condition = alltrue([
      for webhook in concat(values(konnect_audit_log_webhook.stream), values(konnect_portal_audit_log_webhook.stream)) :
      webhook.audit_log_destination_id == output.destination_id && webhook.enabled
    ])
    error_message = "All webhooks deliver to the one destination."
  }

  assert {
    condition     = konnect_audit_log_destination.siem[0].log_format == "cef"
    error_message = "The format is Konnect's own default."
  }
}

run "existing_destination_is_used" {
  variables {
    destination = {
      id = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
    }
    regions = {
      eu = {}
    }
  }

  assert {
    condition     = length(konnect_audit_log_destination.siem) == 0
    error_message = "No destination is created."
  }

  assert {
    condition     = konnect_audit_log_webhook.stream["eu"].audit_log_destination_id == "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
    error_message = "The webhook delivers to the existing destination."
  }
}

run "region_switched_off_stays_configured" {
  command = plan

  variables {
    regions = {
      eu = { enabled = false }
    }
  }

  assert {
    condition     = !konnect_audit_log_webhook.stream["eu"].enabled
    error_message = "The webhook exists, and is switched off."
  }
}
