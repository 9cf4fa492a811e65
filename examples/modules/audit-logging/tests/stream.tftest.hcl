# Creates, changes and destroys the module's resources at the emulator. The real Konnect rejects the token, so a missing
# KONNECT_SERVER_URL is harmless.

provider "konnect" {
  personal_access_token = "kpat_terraform-test"
}

variables {
  destination = {
    endpoint = "https://siem.example.com/konnect-audit-logs"
  }
  authorization = "Bearer terraform-test"
  streams = {
    eu = {}
    us = {}
  }
}

run "apply_sets_up_one_stream_for_two_regions" {
  assert {
    condition     = output.webhooks == { eu = "eu", us = "us" }
    error_message = "Each region has a webhook."
  }

  assert {
    condition     = output.statuses == { eu = "ready", us = "ready" }
    error_message = "The status is read after the webhooks were set up."
  }

  assert {
    condition     = konnect_audit_log_destination.siem[0].authorization_wo == null
    error_message = "The authorization is not stored."
  }
}

run "plan_has_nothing_left_to_do" {
  command = plan

  assert {
    condition     = output.statuses == { eu = "ready", us = "ready" }
    error_message = "The status is known at plan, because no webhook changes."
  }
}

run "apply_changes_the_regions_and_the_format" {
  variables {
    destination = {
      endpoint   = "https://siem.example.com/konnect-audit-logs"
      log_format = "json"
    }
    streams = {
      au = {}
      eu = {}
    }
  }

  assert {
    condition     = toset(keys(output.webhooks)) == toset(["au", "eu"])
    error_message = "One region was added and one was removed."
  }

  assert {
    condition     = konnect_audit_log_destination.siem[0].log_format == "json"
    error_message = "The destination has the new format."
  }
}

# A failed check would fail this run.
run "region_off_on_purpose_gives_no_warning" {
  variables {
    streams = {
      au = {}
      eu = { enabled = false }
    }
  }

  assert {
    condition     = output.statuses == { au = "ready", eu = "switched_off" }
    error_message = "The webhook is there, and delivers nothing."
  }
}
