# What the variables refuse, each before any request is made.

provider "konnect" {
  personal_access_token = "kpat_terraform-test"
}

variables {
  endpoint      = "https://siem.example.com/konnect-audit-logs"
  authorization = "Bearer terraform-test"
  regions       = ["eu"]
}

run "refuses_an_endpoint_without_tls" {
  command = plan

  variables {
    endpoint = "http://siem.example.com/konnect-audit-logs"
  }

  expect_failures = [var.endpoint]
}

run "refuses_a_blank_authorization" {
  command = plan

  variables {
    authorization = " "
  }

  expect_failures = [var.authorization]
}

run "refuses_a_version_that_is_no_whole_number" {
  command = plan

  variables {
    authorization_version = 1.5
  }

  expect_failures = [var.authorization_version]
}

run "refuses_no_regions" {
  command = plan

  variables {
    regions = []
  }

  expect_failures = [var.regions]
}

run "refuses_a_region_in_upper_case" {
  command = plan

  variables {
    regions = ["EU"]
  }

  expect_failures = [var.regions]
}

run "refuses_an_unknown_format" {
  command = plan

  variables {
    log_format = "leef"
  }

  expect_failures = [var.log_format]
}

run "refuses_a_blank_name" {
  command = plan

  variables {
    name = ""
  }

  expect_failures = [var.name]
}
