//! Plugins detect that their host was killed, end and remove their files.

use std::time::Duration;

use terraform_plugin::testing::{Handshake, Host, Identity, Launch, plain, within};

use crate::PLUGIN;

/// The documented time within which the plugin ends after its host.
const MAX_EXIT_TIME: Duration = Duration::from_secs(5);

async fn within_the_promise<T>(done: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(MAX_EXIT_TIME, done).await;
    waited.expect("the plugin outlives its host")
}

#[tokio::test]
async fn host_disconnect_exits_plugin() {
    let mut host = Host::start(PLUGIN).await;
    host.assert_responds().await;
    drop(host.channel);
    within_the_promise(host.process.exit()).await;
    assert_eq!(host.process.files(), [""; 0]);
}

#[tokio::test]
async fn host_exit_with_closed_pipes_exits_plugin() {
    let mut host = Host::launch(Launch::without_tls(PLUGIN).env("TF_LOG", "trace")).await;
    host.assert_responds().await;
    drop(host.channel);
    // Logs can no longer be written either, which must not block the plugin.
    host.process.close_pipes();
    within_the_promise(host.process.exit()).await;
    assert_eq!(host.process.files(), [""; 0]);
}

#[tokio::test]
async fn host_never_connected_closed_pipe_exits_plugin() {
    let mut process = Launch::without_tls(PLUGIN).start();
    Handshake::parse(&process.line().await);
    process.close_pipes();
    within_the_promise(process.exit()).await;
    assert_eq!(process.files(), [""; 0]);
}

#[tokio::test]
async fn host_never_connected_parent_exit_exits_plugin() {
    let identity = Identity::new();
    let mut shell = Launch::through_shell(PLUGIN)
        .env("PLUGIN_CLIENT_CERT", &identity.pem)
        .start();
    let handshake = Handshake::parse(&shell.line().await);
    assert!(handshake.socket().exists());
    // The pipe remains open: only the parent process shows the end of the host.
    shell.kill().await;
    within_the_promise(shell.closed()).await;
    assert_eq!(shell.files(), [""; 0]);
}

/// Terraform reconnects after an error: the plugin waits for a short time without a connection.
#[tokio::test]
async fn host_reconnect_is_served() {
    let mut process = Launch::without_tls(PLUGIN).start();
    let handshake = Handshake::parse(&process.line().await);
    for _ in 0..3 {
        let channel = plain(&handshake.socket()).await;
        terraform_plugin::testing::check(&channel).await.unwrap();
    }
    let channel = plain(&handshake.socket()).await;
    terraform_plugin::testing::shut_down(&channel).await.unwrap();
    process.ended().await.assert_success();
}

/// A client without the certificate does not count as a host: its connection does not keep the plugin running.
#[tokio::test]
async fn untrusted_connection_does_not_keep_plugin_alive() {
    let mut host = Host::start(PLUGIN).await;
    host.assert_responds().await;
    let _stranger = terraform_plugin::testing::unix(&host.socket()).await;
    drop(host.channel);
    within_the_promise(host.process.exit()).await;
    within("the files", async { assert_eq!(host.process.files(), [""; 0]) }).await;
}
