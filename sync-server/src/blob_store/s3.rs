//! An S3 store. A PUT is atomic there: the name exists only once the whole object does, and the store checks the
//! SHA-256 that goes with it. How durable the object then is, is the store's promise, not ours.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig,
};
use tokio::runtime::Runtime;

use super::{BlobStore, Key};

/// How long one call may take, tries included.
const LIMIT: Duration = Duration::from_secs(20);

/// Objects `[PREFIX/]ab/cd…` and `[PREFIX/]ab/cd….thumb`, named as in the folder store.
pub struct S3 {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    /// Its own: who calls waits on a thread of its own choosing, inside another runtime or in none.
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3")
            .field("store", &self.store.to_string())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl S3 {
    /// Opens `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&allow_http=true…]`: settings by the names of
    /// `object_store`. Key and secret come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`), from
    /// a web identity or from the machine's role, as usual there; in a settings file only its owner reads they may
    /// stand in the address.
    ///
    /// # Errors
    /// When the address has a mistake; nothing is asked of the store yet.
    pub fn open(address: &str) -> Result<Self> {
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        let place = place.strip_prefix("s3://").context("--photos begins with s3://")?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            bail!("--photos names no bucket: it looks like s3://BUCKET?endpoint=https://s3.example.org&region=NAME");
        }
        // Found once, so that no other choice is compiled in or can be made by accident.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = ClientOptions::new().with_timeout(LIMIT).with_connect_timeout(Duration::from_secs(5));
        let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: LIMIT };
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(client)
            .with_retry(retry)
            .with_checksum_algorithm(Checksum::SHA256);
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').with_context(|| format!("--photos: {pair:.20} has no value"))?;
            let key: AmazonS3ConfigKey =
                name.parse().map_err(|_| anyhow::anyhow!("--photos: there is no setting {name}"))?;
            builder = builder.with_config(key, value);
        }
        let store = builder.build().context("--photos")?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("s3")
            .enable_all()
            .build()
            .context("starting the photo store's thread")?;
        Ok(Self { store: Arc::new(store), prefix: prefix.trim_matches('/').to_owned(), runtime: Some(runtime) })
    }

    fn path(&self, key: Key) -> Path {
        let (hash, ending) = match key {
            Key::Full(hash) => (hash, ""),
            Key::Thumb(hash) => (hash, ".thumb"),
        };
        let name = hash.to_string();
        let (dir, rest) = name.split_at(2);
        Path::from(format!("{}/{dir}/{rest}{ending}", self.prefix))
    }

    /// Runs `work` on the store's own thread and waits for it on this one.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> io::Result<object_store::Result<T>> {
        let (done, outcome) = sync_channel(1);
        let runtime = self.runtime.as_ref().ok_or_else(|| io::Error::other("the photo store is closed"))?;
        runtime.spawn(async move {
            // Nobody waits any more: then nobody needs to know.
            let _ = done.send(work.await);
        });
        outcome.recv().map_err(|_| io::Error::other("the photo store's thread ended"))
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // It may be dropped inside another runtime, where waiting is not allowed.
            runtime.shutdown_background();
        }
    }
}

impl BlobStore for S3 {
    fn put(&self, key: Key, bytes: &[u8]) -> io::Result<()> {
        let once = || {
            let (store, path, payload) = (self.store.clone(), self.path(key), bytes.to_vec());
            // The first one stays, as in the folder store.
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            self.wait(async move { store.put_opts(&path, payload.into(), options).await })
        };
        let put = match once()? {
            // A line that broke: the client repeats no such call by itself, because it cannot know that ours may be
            // repeated. (A store that says no before it has read everything closes the line under the next call.)
            Err(Error::Generic { .. }) => once()?,
            put => put,
        };
        match put {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(e) => Err(io_error(e)),
        }
    }

    fn get(&self, key: Key) -> io::Result<Option<Vec<u8>>> {
        let (store, path) = (self.store.clone(), self.path(key));
        match self.wait(async move { store.get(&path).await?.bytes().await })? {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(io_error(e)),
        }
    }

    fn remove(&self, key: Key) -> io::Result<()> {
        let (store, path) = (self.store.clone(), self.path(key));
        match self.wait(async move { store.delete(&path).await })? {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(io_error(e)),
        }
    }

    fn has(&self, key: Key) -> io::Result<bool> {
        let (store, path) = (self.store.clone(), self.path(key));
        match self.wait(async move { store.head(&path).await })? {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(io_error(e)),
        }
    }
}

/// What a caller can act on: refused for good, or worth another try.
fn io_error(e: Error) -> io::Error {
    let kind = match &e {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, e)
}
