# Checks the plan of the module with a mocked provider, without a server or a token.

# By default, a mocked status is not healthy, and the module's check fails the run.
mock_provider "konnect" {
  mock_data "konnect_audit_log_webhook_status" {
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

run "webhooks_use_the_destination" {
  variables {
    streams = {
      eu = {}
    }
  }

  override_resource {
    target = konnect_audit_log_destination.siem
    values = {
      id = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
    }
  }

  assert {
    condition     = konnect_audit_log_webhook.stream["eu"].audit_log_destination_id == "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
    error_message = "The webhook delivers to the destination."
  }
}

run "regions_and_portals_share_one_destination" {
  variables {
    streams = {
      eu = {}
      us = {}
      developers = {
        portal_id = "f32d905a-ed33-46a3-a093-d8f536af9a8a"
        region    = "eu"
      }
    }
  }

  assert {
    condition     = toset(keys(output.webhooks)) == toset(["eu", "us", "developers"])
    error_message = "Each region and each portal has a webhook."
  }

  assert {
    condition = alltrue([
      for webhook in konnect_audit_log_webhook.stream :
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
    streams = {
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

run "stream_with_endpoint_has_destination_of_its_own" {
  variables {
    streams = {
      eu = { endpoint = "https://siem.example.com/konnect-audit-logs?source=eu" }
      us = {}
    }
  }

  assert {
    condition     = konnect_audit_log_destination.own["eu"].name == "SIEM eu"
    error_message = "The destination has the name of the stream."
  }

  assert {
    condition = (
      konnect_audit_log_webhook.stream["eu"].audit_log_destination_id == konnect_audit_log_destination.own["eu"].id
      && konnect_audit_log_webhook.stream["us"].audit_log_destination_id == output.destination_id
    )
    error_message = "Only that stream delivers to it."
  }
}

run "region_switched_off_stays_configured" {
  command = plan

  variables {
    streams = {
      eu = { enabled = false }
    }
    # A plan that changes a webhook does not know the others yet.
    watched_regions = []
  }

  assert {
    condition     = !konnect_audit_log_webhook.stream["eu"].enabled
    error_message = "The webhook exists, and is switched off."
  }
}

run "check_warns_about_a_stream_that_fails" {
  variables {
    streams = {
      eu = {}
    }
  }

  override_data {
    target = data.konnect_audit_log_webhook_status.stream
    values = {
      healthy     = false
      explanation = "Deliveries from region eu fail."
    }
  }

  expect_failures = [check.audit_log_delivery]
}
