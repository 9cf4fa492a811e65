# Invalid values of the variables. The tests need no server and no token.

mock_provider "konnect" {}

variables {
  destination = {
    endpoint = "https://siem.example.com/konnect-audit-logs"
  }
  authorization = "Bearer terraform-test"
  streams = {
    eu = {}
  }
}

run "endpoint_without_tls_is_refused" {
  command = plan

  variables {
    destination = {
      endpoint = "http://siem.example.com/konnect-audit-logs"
    }
  }

  expect_failures = [var.destination]
}

run "destination_with_id_and_endpoint_is_refused" {
  command = plan

  variables {
    destination = {
      id       = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7"
      endpoint = "https://siem.example.com/konnect-audit-logs"
    }
  }

  expect_failures = [var.destination]
}

run "unknown_format_is_refused" {
  command = plan

  variables {
    destination = {
      endpoint   = "https://siem.example.com/konnect-audit-logs"
      log_format = "leef"
    }
  }

  expect_failures = [var.destination]
}

run "blank_name_is_refused" {
  command = plan

  variables {
    destination = {
      endpoint = "https://siem.example.com/konnect-audit-logs"
      name     = ""
    }
  }

  expect_failures = [var.destination]
}

run "fractional_version_is_refused" {
  command = plan

  variables {
    authorization_version = 1.5
  }

  expect_failures = [var.authorization_version]
}

run "no_stream_is_refused" {
  command = plan

  variables {
    streams = {}
  }

  expect_failures = [var.streams]
}

run "region_in_upper_case_is_refused" {
  command = plan

  variables {
    streams = {
      EU = {}
    }
  }

  expect_failures = [var.streams]
}

run "portal_without_region_is_refused" {
  command = plan

  variables {
    streams = {
      developers = { portal_id = "f32d905a-ed33-46a3-a093-d8f536af9a8a" }
    }
  }

  expect_failures = [var.streams]
}

run "stream_without_a_target_is_refused" {
  command = plan

  variables {
    destination = {}
  }

  expect_failures = [var.streams]
}

run "stream_endpoint_without_tls_is_refused" {
  command = plan

  variables {
    streams = {
      eu = { endpoint = "http://siem.example.com/konnect-audit-logs" }
    }
  }

  expect_failures = [var.streams]
}
