# Invalid values of the variables. The tests need no server and no token.

mock_provider "konnect" {}

variables {
  destination = {
    endpoint = "https://siem.example.com/konnect-audit-logs"
  }
  authorization = "Bearer terraform-test"
  regions = {
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

run "blank_authorization_is_refused" {
  command = plan

  variables {
    authorization = " "
  }

  expect_failures = [var.authorization]
}

run "fractional_version_is_refused" {
  command = plan

  variables {
    authorization_version = 1.5
  }

  expect_failures = [var.authorization_version]
}

run "neither_region_nor_portal_is_refused" {
  command = plan

  variables {
    regions = {}
  }

  expect_failures = [var.portals]
}

run "region_in_upper_case_is_refused" {
  command = plan

  variables {
    regions = {
      EU = {}
    }
  }

  expect_failures = [var.regions]
}
