//! An S3 server over a temporary folder: `s3s-fs` behind a real listener, on a thread of this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Name of the bucket.
pub const BUCKET: &str = "photos";
/// Key and secret it is asked with.
pub const ACCESS: (&str, &str) = ("mbs", "only-for-tests");

/// A running server; gone when dropped.
#[derive(Debug)]
pub struct S3 {
    runtime: Option<Runtime>,
    address: SocketAddr,
    prefixes: AtomicU32,
    dir: PathBuf,
    _broom: Child,
}

impl S3 {
    /// A new server with one empty bucket.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start() -> Self {
        Self::try_start().unwrap_or_else(|e| panic!("no S3 server: {e}"))
    }

    fn try_start() -> Result<Self, Box<dyn std::error::Error>> {
        let dir = tempfile::Builder::new().prefix("mbs-s3-").tempdir()?.keep();
        let broom = broom(&dir)?;
        std::fs::create_dir(dir.join(BUCKET))?;
        let files = FileSystem::new(&dir).map_err(|e| format!("{e:?}"))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS.0, ACCESS.1));
        let service = service.build();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        runtime.spawn(async move {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    // A client that goes away is nothing to tell.
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(Self { runtime: Some(runtime), address, prefixes: AtomicU32::new(0), dir, _broom: broom })
    }

    /// The server all tests of this process share; each has a prefix of its own.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<S3> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A new prefix in the bucket, as what `photos = …` is set to.
    #[must_use]
    pub fn photos(&self) -> String {
        self.at(&self.prefixes.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// That prefix of the bucket, as what `photos = …` is set to.
    #[must_use]
    pub fn at(&self, prefix: &str) -> String {
        format!(
            "s3://{BUCKET}/{prefix}?endpoint=http://{}&region=eu-central-1&allow_http=true\
             &access_key_id={}&secret_access_key={}",
            self.address, ACCESS.0, ACCESS.1
        )
    }

    /// The bucket as a folder.
    #[must_use]
    pub fn bucket(&self) -> PathBuf {
        self.dir.join(BUCKET)
    }
}

/// Removes the folder when this process is gone, in whatever way: its standard input ends then.
fn broom(dir: &Path) -> std::io::Result<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", "read -r _; rm -rf \"$1\"", "broom"]).arg(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
