//! Write-only arguments and hosts that do not support them.

use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::Konnect;

#[tokio::test]
async fn write_only_argument_on_old_host_errors_on_attribute() {
    let konnect = Konnect::start().await;
    for (resource, required) in [
        (konnect.destination(), ("name", "siem".into())),
        (konnect.webhook(), ("region", "global".into())),
    ] {
        let config = resource.shape.object(&[
            ("endpoint", "https://siem.example.com/".into()),
            ("authorization_wo", "Splunk s3cret".into()),
            required,
        ]);
        assert_no_errors(&resource.validate_with(&config, true).await);
        let found = resource.validate_with(&config, false).await;
        let said = error(&found);
        assert!(said.contains("1.11") && !said.contains("s3cret"), "{said}");
        let path = found[0].attribute.clone().unwrap();
        let at = tf::attribute_path::step::Selector::AttributeName("authorization_wo".to_owned());
        assert_eq!(path.steps[0].selector, Some(at));
    }
    konnect.end().await;
}
