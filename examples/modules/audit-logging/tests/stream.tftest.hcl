# Sets the module up, changes it, and takes it down, against the emulator. The token is one that no real Konnect
# takes, so that a forgotten KONNECT_SERVER_URL can do no harm.

provider "konnect" {
  personal_access_token = "kpat_terraform-test"
}

variables {
  endpoint      = "https://siem.example.com/konnect-audit-logs"
  authorization = "Bearer terraform-test"
  regions       = ["eu", "us"]
}

run "sets_up_one_stream_for_two_regions" {
  assert {
    condition     = output.regions == toset(["eu", "us"])
    error_message = "Each region has a webhook."
  }

  assert {
    condition = alltrue([
      for webhook in konnect_audit_log_webhook.stream :
      webhook.audit_log_destination_id == output.destination_id && webhook.enabled
    ])
    error_message = "All webhooks deliver to the one destination."
  }

  assert {
    condition     = konnect_audit_log_destination.siem.log_format == "cef"
    error_message = "The format is Konnect's own default."
  }

  assert {
    condition     = output.delivery == { eu = "ready", us = "ready" }
    error_message = "The status is read after the webhooks were set up."
  }

  assert {
    condition     = output.healthy
    error_message = "Both regions are ready to deliver."
  }

  assert {
    condition     = konnect_audit_log_destination.siem.authorization_wo == null
    error_message = "The authorization is not stored."
  }
}

run "has_nothing_left_to_do" {
  command = plan

  assert {
    condition     = output.delivery == { eu = "ready", us = "ready" }
    error_message = "The status is known while planning, since no webhook is about to change."
  }
}

run "changes_the_regions_and_the_format" {
  variables {
    regions    = ["au", "eu"]
    log_format = "json"
  }

  assert {
    condition     = output.regions == toset(["au", "eu"])
    error_message = "One region was added and one was removed."
  }

  assert {
    condition     = konnect_audit_log_destination.siem.log_format == "json"
    error_message = "The destination has the new format."
  }
}

run "warns_of_a_stream_that_is_switched_off" {
  variables {
    regions    = ["au", "eu"]
    log_format = "json"
    enabled    = false
  }

  expect_failures = [check.audit_log_delivery]

  assert {
    condition     = output.delivery == { au = "switched_off", eu = "switched_off" }
    error_message = "The webhooks are there, and deliver nothing."
  }

  assert {
    condition     = !output.healthy
    error_message = "A stream that is switched off is not healthy."
  }
}
