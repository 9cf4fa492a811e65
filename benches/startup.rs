//! What a plugin costs whoever runs Terraform: size, time to the handshake line, memory.
//!
//! `cargo bench --bench startup` starts the release binary many times as Terraform does, with the
//! magic cookie and a fresh client certificate, and in turn with it a process that only prints a line,
//! which is as fast as starting a process can be here. Then it connects, asks for the schema, and
//! reads how much memory the process holds (Linux only).

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    bench::run()
}

#[cfg(not(unix))]
fn main() {
    println!("This benchmark connects to a Unix socket, which there is none of here.");
}

#[cfg(unix)]
mod bench {
    use std::error::Error;
    use std::io::{BufRead, BufReader};
    use std::path::Path;
    use std::process::{Child, ChildStdout, Command, Stdio};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use http_body_util::{BodyExt, Full};
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::net::UnixStream;
    use tokio_rustls::TlsConnector;

    type Result<T> = std::result::Result<T, Box<dyn Error>>;

    const PLUGIN: &str = env!("CARGO_BIN_EXE_terraform-provider-konnect");
    const COOKIE: (&str, &str) = (
        "TF_PLUGIN_MAGIC_COOKIE",
        "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    );
    const STARTS: usize = 200;
    const CALLS: usize = 20;

    pub(super) fn run() -> Result<()> {
        let identity = Identity::new()?;
        // A killed process leaves its socket behind.
        let sockets = tempfile::tempdir()?;
        let mut plugin = Vec::new();
        let mut without_tls = Vec::new();
        let mut floor = Vec::new();
        for _ in 0..STARTS {
            floor.push(to_first_line(&mut echo())?.0);
            let (time, _, running) = to_first_line(&mut self::plugin(&identity, sockets.path()))?;
            plugin.push(time);
            drop(running);
            let mut command = self::plugin(&identity, sockets.path());
            command.env_remove("PLUGIN_CLIENT_CERT");
            without_tls.push(to_first_line(&mut command)?.0);
        }

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut schema_times = Vec::new();
        let mut schema_size = 0;
        let mut memory = Vec::new();
        for _ in 0..CALLS {
            let (_, line, running) = to_first_line(&mut self::plugin(&identity, sockets.path()))?;
            let (time, size) = runtime.block_on(schema(&line, &identity))?;
            schema_times.push(time);
            schema_size = size;
            memory.extend(resident(running.process.id()));
        }

        let size = std::fs::metadata(PLUGIN)?.len();
        println!("| Figure | Value |\n|---|---|");
        println!("| Size of the release binary | {:.1} MiB |", mib(size));
        println!(
            "| Start to handshake line, median of {STARTS} | {} |",
            milliseconds(median(&mut plugin))
        );
        println!(
            "| The same without a client certificate, and so without TLS | {} |",
            milliseconds(median(&mut without_tls))
        );
        println!(
            "| The same for a process that only prints a line (`echo`) | {} |",
            milliseconds(median(&mut floor))
        );
        println!(
            "| Connecting and asking for the schema ({schema_size} bytes), median of {CALLS} | {} |",
            milliseconds(median(&mut schema_times))
        );
        if memory.is_empty() {
            println!("| Resident memory after that | not measured: it is read from /proc, on Linux |");
        } else {
            println!(
                "| Resident memory after that, median of {CALLS} | {:.1} MiB |",
                mib(median(&mut memory))
            );
        }
        Ok(())
    }

    /// The plugin as Terraform starts it.
    fn plugin(identity: &Identity, sockets: &Path) -> Command {
        let mut command = Command::new(PLUGIN);
        command
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_CLIENT_CERT", &identity.pem)
            .env("PLUGIN_UNIX_SOCKET_DIR", sockets)
            // Logs would be measured too.
            .env_remove("TF_LOG")
            .env_remove("TF_LOG_PROVIDER")
            .env_remove("TF_LOG_PROVIDER_KONNECT");
        command
    }

    fn echo() -> Command {
        let mut command = Command::new("echo");
        command.arg("a line");
        command
    }

    /// A process that is killed, and waited for, once it is not needed any more.
    struct Running {
        process: Child,
        // A plugin whose host has closed this takes it for gone, and ends.
        stdout: BufReader<ChildStdout>,
    }

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    fn to_first_line(command: &mut Command) -> Result<(Duration, String, Running)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let begun = Instant::now();
        let mut process = command.spawn()?;
        let stdout = BufReader::new(process.stdout.take().ok_or("no stdout")?);
        let mut running = Running { process, stdout };
        let mut line = String::new();
        running.stdout.read_line(&mut line)?;
        Ok((begun.elapsed(), line, running))
    }

    /// The host's certificate and key, as go-plugin makes them.
    struct Identity {
        pem: String,
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    }

    impl Identity {
        fn new() -> Result<Self> {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512)?;
            let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let certificate = params.self_signed(&key)?.der().clone();
            let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
            for line in STANDARD.encode(&certificate).as_bytes().chunks(64) {
                pem.push_str(str::from_utf8(line)?);
                pem.push('\n');
            }
            pem.push_str("-----END CERTIFICATE-----\n");
            let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
            Ok(Self {
                pem,
                certificate,
                key,
            })
        }
    }

    /// Connects as the handshake line says and calls `GetProviderSchema`: how long that took, and how
    /// large the answer was.
    async fn schema(line: &str, identity: &Identity) -> Result<(Duration, usize)> {
        let fields: Vec<&str> = line.trim().split('|').collect();
        let [_, _, "unix", socket, "grpc", certificate, ..] = fields.as_slice() else {
            return Err(format!("not a handshake line: {line:?}").into());
        };
        let begun = Instant::now();
        let mut trusted = RootCertStore::empty();
        trusted.add(CertificateDer::from(STANDARD_NO_PAD.decode(certificate)?))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_client_auth_cert(vec![identity.certificate.clone()], identity.key.clone_key())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TlsConnector::from(Arc::new(config))
            .connect(
                ServerName::try_from("localhost")?,
                UnixStream::connect(socket).await?,
            )
            .await?;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = http::Request::post("https://localhost/tfplugin6.Provider/GetProviderSchema")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            // An empty message: not compressed, no bytes.
            .body(Full::new(Bytes::from_static(&[0; 5])))?;
        let answer = sender.send_request(request).await?.into_body().collect().await?;
        let took = begun.elapsed();
        let status = answer.trailers().and_then(|t| t.get("grpc-status"));
        if status.is_none_or(|status| status != "0") {
            return Err(format!("GetProviderSchema was answered with gRPC status {status:?}").into());
        }
        connection.abort();
        Ok((took, answer.to_bytes().len().saturating_sub(5)))
    }

    /// The resident memory of a process in bytes, where there is a /proc.
    fn resident(process: u32) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    fn median<T: Ord + Copy>(values: &mut [T]) -> T {
        values.sort_unstable();
        values[values.len() / 2]
    }

    fn milliseconds(duration: Duration) -> String {
        format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
    }

    fn mib(bytes: u64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "far below 2^53, and rounded for people"
        )]
        let bytes = bytes as f64;
        bytes / (1024.0 * 1024.0)
    }
}
