//! Debug mode: a user starts the plugin, and Terraform uses that process.

use nix::sys::signal::Signal;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::debug::{debugging, socket};
use terraform_plugin::testing::{Launch, Process, check, plain, provider, shut_down, signal};

use crate::PLUGIN;

async fn interrupted(process: Process) {
    signal(process.pid, Signal::SIGINT);
    process.ended().await.assert_success();
}

#[tokio::test]
async fn debug_mode_prints_reattach_config() {
    let (process, reattach) = debugging(Launch::without_host(PLUGIN)).await;
    let provider = &reattach["konnect-audit/konnect"];
    assert_eq!(provider["Protocol"], "grpc");
    assert_eq!(provider["ProtocolVersion"], 6);
    assert_eq!(provider["Pid"], process.pid);
    assert_eq!(provider["Test"], true);
    assert!(socket(&reattach).starts_with(process.folder()));
    interrupted(process).await;
}

#[tokio::test]
async fn debug_mode_serves_multiple_runs_until_interrupted() {
    let (process, reattach) = debugging(Launch::without_host(PLUGIN)).await;
    for _run in 0..2 {
        let channel = plain(&socket(&reattach)).await;
        check(&channel).await.unwrap();
        let mut provider = provider(&channel);
        let schema = provider
            .get_provider_schema(tf::get_provider_schema::Request {})
            .await;
        assert!(schema.unwrap().into_inner().provider.is_some());
        // Terraform does not send `Shutdown` to a plugin that it did not start. It is ignored.
        shut_down(&channel).await.unwrap();
        check(&channel).await.unwrap();
    }
    interrupted(process).await;
}

#[tokio::test]
async fn debug_mode_ignores_host_environment() {
    let identity = terraform_plugin::testing::Identity::new();
    let launch = Launch::without_tls(PLUGIN).env("PLUGIN_CLIENT_CERT", &identity.pem);
    let (process, reattach) = debugging(launch).await;
    check(&plain(&socket(&reattach)).await).await.unwrap();
    interrupted(process).await;
}

#[tokio::test]
async fn debug_mode_interrupted_exits_despite_open_connection() {
    let (process, reattach) = debugging(Launch::without_host(PLUGIN)).await;
    let channel = plain(&socket(&reattach)).await;
    check(&channel).await.unwrap();
    interrupted(process).await;
    assert!(check(&channel).await.is_err());
}
