//! The cache and the client's write generation, against a scripted server.

use futures_util::future::join_all;

use crate::calls::v3;
use crate::tests::server::{Reply, Server, json};
use crate::tests::{DESTINATION, eu, id, portal_id};
use crate::{Cache, DestinationWebhookChanges};

const WEBHOOK: &str = r#"{"enabled": true}"#;
const STATUS: &str = r#"{"webhook_enabled": true, "webhook_status": "active"}"#;

#[tokio::test]
async fn portal_webhook_identical_reads_share_a_request() {
    let server = Server::start([json(200, WEBHOOK)]).await;
    let (cache, eu, portal) = (Cache::new(server.client()), eu(), portal_id());
    for webhook in join_all((0..5).map(|_| cache.portal_webhook(&eu, &portal))).await {
        assert!(webhook.unwrap().enabled);
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn portal_webhook_status_identical_reads_share_a_request() {
    let server = Server::start([json(200, STATUS)]).await;
    let (cache, eu, portal) = (Cache::new(server.client()), eu(), portal_id());
    for status in join_all((0..5).map(|_| cache.portal_webhook_status(&eu, &portal))).await {
        assert!(status.unwrap().webhook_enabled);
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn portal_webhook_of_another_portal_is_read_separately() {
    let server = Server::start([json(200, WEBHOOK), json(200, WEBHOOK)]).await;
    let (cache, eu, portal) = (Cache::new(server.client()), eu(), portal_id());
    let other = crate::PortalId::parse(id().as_str()).unwrap();
    let (one, two) = tokio::join!(
        cache.portal_webhook(&eu, &portal),
        cache.portal_webhook(&eu, &other)
    );
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn write_generation_counts_the_beginning_and_end_of_writes_only() {
    let server = Server::start([json(200, DESTINATION), json(200, WEBHOOK)]).await;
    let (client, eu) = (server.client(), eu());
    v3::get_destination(&client, &eu, &id()).await.unwrap();
    assert_eq!(client.write_generation(), 0);
    let changes = DestinationWebhookChanges::default();
    let mut write = Box::pin(v3::update_webhook(&client, &eu, &changes));
    assert!(futures_util::poll!(&mut write).is_pending());
    assert_eq!(client.write_generation(), 1);
    write.await.unwrap();
    assert_eq!(client.write_generation(), 2);
}

#[tokio::test]
async fn write_generation_dropped_write_counts_as_ended() {
    let server = Server::start([Reply::Silence]).await;
    let (client, eu) = (server.client(), eu());
    let changes = DestinationWebhookChanges::default();
    let mut write = Box::pin(v3::update_webhook(&client, &eu, &changes));
    assert!(futures_util::poll!(&mut write).is_pending());
    drop(write);
    assert_eq!(client.write_generation(), 2);
    // A client for clean-up counts its writes with this one.
    let after = client.after_stop();
    assert_eq!(after.write_generation(), 2);
}
