//! Attacks on the places for connections. A genuine delivery must arrive within two seconds during each of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{CEF, start};

/// The number of hostile connections.
const HOSTILE: usize = 256;

/// How long a genuine delivery may take.
const LIMIT: Duration = Duration::from_secs(2);

/// The pace of an attack: between bytes, and before a new connection.
const PACE: Duration = Duration::from_millis(100);

const CREDENTIAL: &str = "Bearer s3cret";

/// What a hostile connection sends, and whether single bytes follow. When it ends, another one replaces it.
const ATTACKS: [(&str, bool); 4] = [
    ("", false),
    // Headers and bodies that do not end, and requests that are refused.
    ("POST / HTTP/1.1\r\nHost: x\r\nX: ", true),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
        true,
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", false),
];

/// Attacks on one connection until it ends. Releases `begun` once the attack takes effect.
async fn run(
    (sent, drips): (&str, bool),
    address: SocketAddr,
    begun: Option<Sender<()>>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(sent.as_bytes()).await?;
    drop(begun);
    let mut response = [0; 1024];
    loop {
        tokio::select! {
            () = sleep(PACE), if drips => stream.write_all(b"x").await?,
            read = stream.read(&mut response) => {
                if read? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

/// Starts the attack, and waits until every connection has begun it.
async fn attack(attack: (&'static str, bool), address: SocketAddr) -> JoinSet<()> {
    let (begun, mut all) = channel(1);
    let mut hostile = JoinSet::new();
    for _ in 0..HOSTILE {
        let mut begun = Some(begun.clone());
        hostile.spawn(async move {
            loop {
                // The receiver ends the connection, with or without an error.
                let _ = run(attack, address, begun.take()).await;
                sleep(PACE).await;
            }
        });
    }
    drop(begun);
    assert_eq!(all.recv().await, None, "every connection has released its sender");
    hostile
}

/// Sends a delivery with the credential, and returns the status code of the response.
async fn deliver(stream: &mut TcpStream) -> std::io::Result<u16> {
    let length = CEF.len();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: {CREDENTIAL}\r\nContent-Length: {length}\r\n\r\n{CEF}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        response.push(stream.read_u8().await?);
    }
    let status = std::str::from_utf8(&response[9..12]).unwrap();
    Ok(status.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliver_during_an_attack_arrives_within_two_seconds() {
    for kind in ATTACKS {
        let (receiver, _) = start(|options| options.authorization = Some(CREDENTIAL.to_owned())).await;
        // Opened before the attack, and used again during it.
        let mut kept = TcpStream::connect(receiver.address()).await.unwrap();
        assert_eq!(deliver(&mut kept).await.unwrap(), 202, "{kind:?}");
        let _hostile = attack(kind, receiver.address()).await;
        let begun = Instant::now();
        let delivered = timeout(LIMIT, async {
            let mut new = TcpStream::connect(receiver.address()).await?;
            deliver(&mut new).await
        });
        let status = delivered.await.expect("a response within the limit");
        println!("{kind:?}: {} ms", begun.elapsed().as_millis());
        assert_eq!(status.unwrap(), 202, "{kind:?}");
        assert_eq!(deliver(&mut kept).await.unwrap(), 202, "{kind:?}");
        assert_eq!(receiver.counts().events, 3, "{kind:?}");
    }
}

/// The clock advances whenever all tasks wait.
#[tokio::test(start_paused = true)]
async fn connection_without_complete_headers_ends_after_ten_seconds() {
    let (receiver, _) = start(|_| {}).await;
    for sent in ["", "POST / HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let begun = tokio::time::Instant::now();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        let taken = begun.elapsed();
        assert!(
            (Duration::from_secs(9)..=Duration::from_secs(11)).contains(&taken),
            "{taken:?}"
        );
    }
}
