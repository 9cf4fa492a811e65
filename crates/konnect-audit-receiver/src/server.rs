//! Sockets, TLS and HTTP: the accept loop, one task per connection, and the handling of requests.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use http::header::{ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet, spawn_blocking, yield_now};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::body::{self, Refusal};
use crate::display::escape;
use crate::intake::Intake;
use crate::options::invalid;

/// The maximum number of concurrent connections. A further one ends another: see [`Connections`].
const MAX_CONNECTIONS: usize = 256;

const MAX_CONNECTIONS_OF_PEER: usize = 64;

/// The maximum number of bodies in memory. Further requests wait.
pub(crate) const MAX_BODIES: usize = 8;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum time and number of bytes for discarding a rejected body.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
const DRAIN_BYTES: usize = 16 * 1024 * 1024;

/// How long deliveries in flight may take after a stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct Shared {
    pub(crate) intake: Intake,
    pub(crate) behavior: Mutex<Behavior>,
    pub(crate) log: Mutex<Box<dyn Write + Send>>,
    pub(crate) max_body_bytes: usize,
    pub(crate) bodies: Semaphore,
}

/// The settings that can change while the receiver runs.
pub(crate) struct Behavior {
    pub(crate) credential: Option<Credential>,
    pub(crate) status: StatusCode,
}

impl Shared {
    pub(crate) fn behavior<T>(&self, with: impl FnOnce(&mut Behavior) -> T) -> T {
        with(&mut self.behavior.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn log(&self, text: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        // A failed write of a report cannot be reported.
        let _ = writeln!(log, "{}", escape(text)).and_then(|()| log.flush());
    }
}

#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    /// Whether a request had the required credential.
    is_authenticated: Arc<AtomicBool>,
}

/// The open connections, the oldest first. A new connection never waits, so that others cannot block a delivery: it
/// takes the place of the oldest that has not sent the credential, or else of the oldest.
#[derive(Default)]
struct Connections(Vec<(Peer, AbortHandle)>);

impl Connections {
    /// Frees a place for a connection from this address.
    fn make_room(&mut self, address: IpAddr) {
        self.0.retain(|(_, task)| !task.is_finished());
        let is_same = |peer: &Peer| peer.address.ip() == address;
        if self.0.iter().filter(|(peer, _)| is_same(peer)).count() >= MAX_CONNECTIONS_OF_PEER {
            self.end_oldest(is_same);
        } else if self.0.len() >= MAX_CONNECTIONS {
            self.end_oldest(|_| true);
        }
    }

    /// Ends the oldest of these connections, unauthenticated ones first.
    fn end_oldest(&mut self, among: impl Fn(&Peer) -> bool) {
        let connections = self.0.iter().enumerate().filter(|(_, (peer, _))| among(peer));
        let is_authenticated = |peer: &Peer| peer.is_authenticated.load(Ordering::Relaxed);
        if let Some((index, _)) = connections.min_by_key(|(_, (peer, _))| is_authenticated(peer)) {
            self.0.remove(index).1.abort();
        }
    }
}

/// Serves until `stop` is cancelled, then waits for deliveries in flight. Uses TLS if `tls` is set.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let mut tasks = JoinSet::new();
    let mut connections = Connections::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, address)) = accepted else {
                    // Most likely, no file descriptor is free.
                    connections.end_oldest(|_| true);
                    sleep(Duration::from_millis(20)).await;
                    continue;
                };
                connections.make_room(address.ip());
                let peer = Peer { address, is_authenticated: Arc::default() };
                let (tls, shared, stop) = (tls.clone(), Arc::clone(&shared), stop.clone());
                let task = tasks.spawn(handshake(stream, peer.clone(), tls, shared, stop));
                connections.0.push((peer, task));
                // The connection can send its credential before others take its place.
                yield_now().await;
            }
        }
    }
    drop(listener);
    // The remaining tasks are aborted with the set.
    let _ = timeout(STOP_TIMEOUT, async { while tasks.join_next().await.is_some() {} }).await;
}

async fn handshake(
    stream: TcpStream,
    peer: Peer,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    // Responses are small: waiting for more data only adds delay.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return connection(stream, peer, shared, stop).await;
    };
    tokio::select! {
        accepted = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)) => match accepted {
            Ok(Ok(stream)) => connection(stream, peer, shared, stop).await,
            Ok(Err(error)) => shared.log(&format!("TLS handshake with {} failed: {error}", peer.address)),
            Err(_) => shared.log(&format!("TLS handshake with {} failed: it took too long", peer.address)),
        },
        () = stop.cancelled() => {}
    }
}

async fn connection<S>(stream: S, peer: Peer, shared: Arc<Shared>, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let (peer, shared) = (peer.clone(), Arc::clone(&shared));
        async move { Ok::<_, Infallible>(deliver(request, &peer, &shared).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    // Ignores connection errors: the sender has no response, and sends again.
    tokio::select! {
        _ = served.as_mut() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// Handles a request, at any path.
async fn deliver(
    request: Request<Incoming>,
    peer: &Peer,
    shared: &Arc<Shared>,
) -> http::Response<Full<Bytes>> {
    let (parts, mut body) = request.into_parts();
    let address = peer.address;
    let status = match take(parts, &mut body, peer, shared).await {
        Ok(status) => status,
        Err(refusal) => {
            let status = refusal.status().as_u16();
            shared.log(&format!(
                "refused a delivery from {address} with {status}: {refusal}"
            ));
            shared.intake.refused();
            let _ = timeout(DRAIN_TIMEOUT, body::drain(&mut body, DRAIN_BYTES)).await;
            return refused(refusal);
        }
    };
    if status.is_success() {
        return response(status, "");
    }
    let code = status.as_u16();
    shared.log(&format!(
        "returned {code} to a delivery from {address}, as configured"
    ));
    shared.intake.refused();
    response(status, "this receiver is configured to return this status\n")
}

/// Processes a delivery, and returns the status code of the response.
async fn take(
    parts: Parts,
    body: &mut Incoming,
    peer: &Peer,
    shared: &Arc<Shared>,
) -> Result<StatusCode, Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::Method);
    }
    let credential = shared.behavior(|behavior| behavior.credential.clone());
    if credential.is_some_and(|credential| !credential.matches(&parts.headers)) {
        return Err(Refusal::Authorization);
    }
    peer.is_authenticated.store(true, Ordering::Relaxed);
    let limit = shared.max_body_bytes;
    // The semaphore is never closed.
    let _place = shared.bodies.acquire().await.ok();
    let bytes = timeout(BODY_TIMEOUT, body::read(body, limit)).await;
    let bytes = bytes.map_err(|_| Refusal::Timeout)??;
    let worker = Arc::clone(shared);
    let taken = spawn_blocking(move || {
        let bytes = body::decode(&parts.headers, bytes, limit)?;
        let status = worker.behavior(|behavior| behavior.status);
        if status.is_success() {
            worker.intake.take(&bytes).map_err(|error| {
                worker.log(&format!("the output file cannot be written: {error}"));
                Refusal::Storage
            })?;
        }
        Ok(status)
    });
    // A panic of `on_event` counts as a storage failure.
    taken.await.unwrap_or(Err(Refusal::Storage))
}

/// The response to a rejected delivery. It ends the connection, so that a sender without the credential cannot keep it.
fn refused(refusal: Refusal) -> http::Response<Full<Bytes>> {
    let mut response = response(refusal.status(), &format!("{refusal}\n"));
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    match refusal {
        Refusal::Method => headers.insert(ALLOW, HeaderValue::from_static("POST")),
        Refusal::ContentEncoding => headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        _ => None,
    };
    response
}

fn response(status: StatusCode, text: &str) -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::from(text.to_owned()));
    *response.status_mut() = status;
    if !text.is_empty() {
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

const INVALID_CREDENTIAL: &str = "the expected credential is empty, has a space at an end, or has a character that an HTTP \
                                  header cannot carry; leave it unset to accept any";

/// The digest of the expected `Authorization` header: a comparison of digests does not reveal its length.
#[derive(Clone)]
pub(crate) struct Credential(Digest);

impl Credential {
    /// Creates a credential from the whole header value, including the scheme.
    pub(crate) fn new(text: &str) -> io::Result<Self> {
        if text.is_empty() || text.trim() != text || HeaderValue::from_str(text).is_err() {
            return Err(invalid(INVALID_CREDENTIAL));
        }
        Ok(Self(digest(&SHA256, text.as_bytes())))
    }

    /// Whether this is the only `Authorization` header. Compares in constant time.
    pub(crate) fn matches(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let sent = digest(&SHA256, value.as_bytes());
        verify_slices_are_equal(self.0.as_ref(), sent.as_ref()).is_ok()
    }
}

/// Generates a certificate for loopback and this host. Also returns the PEM of the signing authority. The keys never
/// leave the process.
pub(crate) fn self_made_tls(host: &str) -> io::Result<(TlsAcceptor, String)> {
    let mut params = CertificateParams::default();
    let names = &mut params.distinguished_name;
    names.push(DnType::CommonName, "konnect-audit-receiver");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let authority = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;

    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut names = BTreeSet::from(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    if !host
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_unspecified())
    {
        names.insert(host.to_owned());
    }
    let names: Vec<_> = names.into_iter().collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    // Required by strict verifiers, such as Python's.
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &authority).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    Ok((acceptor(vec![certificate.der().clone()], key)?, authority.pem()))
}

pub(crate) fn tls_from_files(cert: &Path, key: &Path) -> io::Result<TlsAcceptor> {
    let unreadable = |path: &Path, error: rustls::pki_types::pem::Error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(cert, error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    acceptor(chain, key)
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> io::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connection_at_limit_ends_oldest_unauthenticated_of_the_same_address_first() {
        let mut tasks = JoinSet::<()>::new();
        let mut connections = Connections::default();
        let mut ports = 1..;
        let mut open = |connections: &mut Connections, address: [u8; 4], is_authenticated: bool| {
            let address = SocketAddr::from((address, ports.next().unwrap()));
            connections.make_room(address.ip());
            let peer = Peer {
                address,
                is_authenticated: Arc::new(AtomicBool::new(is_authenticated)),
            };
            let task = tasks.spawn(std::future::pending());
            connections.0.push((peer, task));
        };
        let ports = |connections: &Connections| -> Vec<u16> {
            let ports = connections.0.iter().map(|(peer, _)| peer.address.port());
            ports.collect()
        };
        // The limit of an address: nothing of another address ends.
        open(&mut connections, [192, 0, 2, 1], false);
        open(&mut connections, [192, 0, 2, 2], true);
        for _ in 0..MAX_CONNECTIONS_OF_PEER {
            open(&mut connections, [192, 0, 2, 2], false);
        }
        assert_eq!(connections.0.len(), 1 + MAX_CONNECTIONS_OF_PEER);
        assert_eq!(ports(&connections)[..3], [1, 2, 4]);
        // The limit of all addresses.
        for number in 3..=255 {
            open(&mut connections, [192, 0, 2, number], false);
        }
        assert_eq!(connections.0.len(), MAX_CONNECTIONS);
        assert_eq!(ports(&connections)[0], 2);
        // Only authenticated connections: the oldest ends.
        for (peer, _) in &connections.0 {
            peer.is_authenticated.store(true, Ordering::Relaxed);
        }
        open(&mut connections, [198, 51, 100, 1], false);
        assert_eq!(connections.0.len(), MAX_CONNECTIONS);
        assert_ne!(ports(&connections)[0], 2);
    }
}
