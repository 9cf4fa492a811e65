//! A relay between Kong's provider and the emulator.
//!
//! The emulator returns the time of an update that never happened as in Konnect's API description,
//! `0001-01-01T00:00:0Z`. This invalid time makes Kong's provider fail. The relay replaces it with null and spaces that
//! keep the length.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const NEVER: &[u8] = b"\"0001-01-01T00:00:0Z\"";
const NULL: &[u8] = b"null                 ";

/// Relays connections until it is dropped.
pub(super) async fn relay(listener: TcpListener, emulator: SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(async move { drop(handed_on(client, emulator).await) });
    }
}

async fn handed_on(mut client: TcpStream, emulator: SocketAddr) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(emulator).await?;
    server.set_nodelay(true)?;
    let (mut requests, mut to_client) = client.split();
    let (mut responses, mut to_server) = server.split();
    let back = async {
        // A response is much shorter, and written in one piece.
        let mut bytes = vec![0; 1 << 16];
        loop {
            let length = responses.read(&mut bytes).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            let response = &mut bytes[..length];
            while let Some(at) = response.windows(NEVER.len()).position(|part| part == NEVER) {
                response[at..at + NULL.len()].copy_from_slice(NULL);
            }
            to_client.write_all(response).await?;
        }
    };
    let there = async {
        tokio::io::copy(&mut requests, &mut to_server).await?;
        to_server.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}
