//! The bare loop: the least that could call itself a server for this workload.
//!
//! axum and rusqlite, token checked by hash, `synchronous=FULL`, one transaction for all that wait,
//! the reply after COMMIT. It verifies nothing, merges nothing and routes nothing: it stores the
//! requests' JSON as rows and gives rows back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use rusqlite::Connection;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

/// Its database in its folder.
pub(crate) const DATABASE: &str = "bare.db";

/// Rows of one push, and where to say that they are durable.
struct Job {
    tablet: i64,
    rows: Vec<Box<RawValue>>,
    done: oneshot::Sender<i64>,
}

struct Shared {
    tablets: HashMap<[u8; 32], i64>,
    writer: mpsc::SyncSender<Job>,
    reader: Mutex<Connection>,
    blobs: PathBuf,
}

/// Makes the bare loop's database: `tablets` tablets with `held` rows each, `changed` of them after the cursor.
pub(crate) fn prepare(
    dir: &Path,
    tokens: &[String],
    mut rows: impl FnMut(usize, usize) -> String,
    held: impl Fn(usize) -> usize,
) -> Result<()> {
    let mut db = open(dir)?;
    db.execute_batch(
        "CREATE TABLE tablet (id INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
         CREATE TABLE row (seq INTEGER PRIMARY KEY, tablet INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
         CREATE INDEX row_of ON row (tablet, seq);",
    )?;
    let tx = db.transaction()?;
    for (t, token) in tokens.iter().enumerate() {
        let id = i64::try_from(t)?;
        tx.execute("INSERT INTO tablet (id, hash) VALUES (?1, ?2)", (id, Sha256::digest(token).as_slice()))?;
        for r in 0..held(t) {
            tx.prepare_cached("INSERT INTO row (tablet, body) VALUES (?1, ?2)")?.execute((id, rows(t, r)))?;
        }
    }
    tx.commit()?;
    std::fs::create_dir_all(dir.join("blobs"))?;
    Ok(())
}

fn open(dir: &Path) -> Result<Connection> {
    let db = Connection::open(dir.join(DATABASE))?;
    db.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")?;
    Ok(db)
}

/// Serves until killed.
pub(crate) async fn serve(dir: &Path) -> Result<()> {
    let db = open(dir)?;
    let tablets = db
        .prepare("SELECT hash, id FROM tablet")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Result<HashMap<[u8; 32], i64>, _>>()?;
    let (writer, jobs) = mpsc::sync_channel(4096);
    std::thread::spawn(move || write(db, &jobs));
    let shared = Arc::new(Shared { tablets, writer, reader: Mutex::new(open(dir)?), blobs: dir.join("blobs") });
    let app = Router::new()
        .route("/push", post(push))
        .route("/pull", get(pull))
        .route("/blob/{hash}", put(blob))
        .layer(axum::extract::DefaultBodyLimit::max(1024 * 1024))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

fn write(mut db: Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(1023));
        let stored = (|| -> rusqlite::Result<i64> {
            let tx = db.transaction()?;
            {
                let mut insert = tx.prepare_cached("INSERT INTO row (tablet, body) VALUES (?1, ?2)")?;
                for job in &batch {
                    for row in &job.rows {
                        insert.execute((job.tablet, row.get()))?;
                    }
                }
            }
            let last = tx.last_insert_rowid();
            tx.commit()?;
            Ok(last)
        })();
        if let Ok(seq) = stored {
            for job in batch {
                // A tablet that hung up does not wait for its answer.
                let _ = job.done.send(seq);
            }
        }
    }
}

fn tablet(shared: &Shared, headers: &HeaderMap) -> Result<i64, StatusCode> {
    let token = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let hash: [u8; 32] = Sha256::digest(token).into();
    shared.tablets.get(&hash).copied().ok_or(StatusCode::UNAUTHORIZED)
}

async fn push(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Result<String, StatusCode> {
    let tablet = tablet(&shared, &headers)?;
    let rows: Vec<Box<RawValue>> = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let (done, seq) = oneshot::channel();
    shared.writer.try_send(Job { tablet, rows, done }).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let seq = seq.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("{{\"seq\":{seq}}}"))
}

async fn pull(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(q): Query<HashMap<String, i64>>,
) -> Result<String, StatusCode> {
    let tablet = tablet(&shared, &headers)?;
    let after = q.get("after").copied().unwrap_or(0);
    let until = q.get("until").copied().unwrap_or(i64::MAX);
    let rows = (|| -> rusqlite::Result<Vec<String>> {
        let Ok(db) = shared.reader.lock() else { return Ok(Vec::new()) };
        let mut select =
            db.prepare_cached("SELECT body FROM row WHERE tablet = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq")?;
        select.query_map((tablet, after, until), |r| r.get(0))?.collect()
    })()
    .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("[{}]", rows.join(",")))
}

async fn blob(
    State(shared): State<Arc<Shared>>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    tablet(&shared, &headers)?;
    let hash: String = Sha256::digest(&body).iter().map(|b| format!("{b:02x}")).collect();
    if hash != name {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let path = shared.blobs.join(&name);
    tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        let partial = path.with_extension("part");
        let mut file = std::fs::File::create(&partial)?;
        std::io::Write::write_all(&mut file, &body)?;
        file.sync_all()?;
        std::fs::rename(&partial, &path)?;
        match path.parent() {
            Some(dir) => std::fs::File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    })
    .await
    .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?
    .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::NO_CONTENT)
}
