//! What Kong's provider needs between itself and the emulator.
//!
//! The emulator writes the time of an update that never was as Konnect's API description does,
//! `0001-01-01T00:00:0Z`, which is not a valid time and makes Kong's provider fail. So it gets null instead,
//! with as many spaces as keep the length.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const NEVER: &[u8] = b"\"0001-01-01T00:00:0Z\"";
const NULL: &[u8] = b"null                 ";

/// Takes connections and hands them on, until it is dropped.
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
    let (mut answers, mut to_server) = server.split();
    let back = async {
        // An answer is much shorter than this, and written at once.
        let mut bytes = vec![0; 1 << 16];
        loop {
            let length = answers.read(&mut bytes).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            let answer = &mut bytes[..length];
            while let Some(at) = answer.windows(NEVER.len()).position(|part| part == NEVER) {
                answer[at..at + NULL.len()].copy_from_slice(NULL);
            }
            to_client.write_all(answer).await?;
        }
    };
    let there = async {
        tokio::io::copy(&mut requests, &mut to_server).await?;
        to_server.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}
