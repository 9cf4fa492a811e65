//! A loopback server that gives scripted responses, one for each connection, and records the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::{AccessToken, Client, ClientOptions, ServerUrl};

/// The access token of the client under test.
pub const TOKEN: &str = "kpat_TestToken/0123456789";

/// The reaction of the server to one request.
pub enum Reply {
    /// Sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Closes the connection without a response.
    Close,
    /// Sends nothing until the client closes the connection.
    Silence,
    /// Sends a head and an endless body, until the client closes the connection.
    Endless(&'static str),
    /// Cancels this token, and continues with the other reply.
    Cancel(CancellationToken, Box<Reply>),
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    pub line: String,
    pub head: String,
    pub body: String,
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

pub fn response(status: u16, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(
        format!(
            "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
        .into_bytes(),
    )
}

/// A problem document of the audit log API.
pub fn problem(status: u16) -> Reply {
    let body =
        format!(r#"{{"status": {status}, "title": "x", "instance": "konnect:trace:1", "detail": "y"}}"#);
    response(status, "Content-Type: application/problem+json\r\n", &body)
}

pub fn json(status: u16, body: &str) -> Reply {
    response(status, "Content-Type: application/json\r\n", body)
}

impl Server {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        let record = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // After its script, the server responds with a status that no test expects.
                let reply = replies.pop_front().unwrap_or_else(|| json(418, "{}"));
                tokio::spawn(serve(stream, reply, Arc::clone(&record)));
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }

    pub fn client(&self) -> Client {
        client(&self.url, |_| {})
    }
}

/// A client that does not wait between attempts.
pub fn client(url: &str, change: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new(AccessToken::parse(TOKEN).unwrap());
    options.server_url = ServerUrl::parse(url).unwrap();
    options.first_retry_wait = Duration::ZERO;
    change(&mut options);
    Client::new(options).unwrap()
}

async fn serve(mut stream: TcpStream, reply: Reply, record: Arc<Mutex<Vec<ReceivedRequest>>>) {
    let Some(requests) = read_request(&mut stream).await else {
        return;
    };
    record.lock().unwrap().push(requests);
    let mut reply = reply;
    while let Reply::Cancel(token, then) = reply {
        token.cancel();
        reply = *then;
    }
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Silence => {
            let _ = stream.read(&mut [0; 1]).await;
        }
        Reply::Endless(head) => {
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&[b'x'; 8_192]).await;
            }
        }
        Reply::Close | Reply::Cancel(..) => {}
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<ReceivedRequest> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")
                .map(str::to_owned)
        })
        .map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[head_end + 4..].to_vec()).unwrap();
    Some(ReceivedRequest {
        line: head.lines().next().unwrap().to_owned(),
        head,
        body,
    })
}
