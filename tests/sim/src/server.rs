//! The server machine: the real service on a disk in memory, without sockets, threads or a runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use mbs_server::auth::device::{Caller, token_of};
use mbs_server::blob_store::{Folder, Key};
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_server::error::{Fault, status};
use mbs_server::handlers::blob::{Put, Slice};
use mbs_server::handlers::{announcements, blob, enrol, nearby, receipt, reconcile, snapshot, sync};
use mbs_server::journal::Journal;
use mbs_server::knowledge::Knowledge;
use mbs_server::secrets::Secrets;
use mbs_server::service::{Parts, Service};
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::wire::encode;
use mbs_shared::wire::error::{Code, Envelope};
use mbs_shared::wire::version::Abilities;
use mbs_tablet::ports::{HttpReply, HttpRequest, Method};

use crate::chance::{Chance, SeededRandom};
use crate::clock::SimClock;
use crate::vfs::{self, Disk, Machine};

/// Number of the server's machine.
pub const SERVER: Machine = 0;
/// Number of the machine whose disk has its journal: another disk, so that it survives the database's.
pub const JOURNAL: Machine = 15;
/// Its keys: they lie outside the database, and survive it.
const KEY: [u8; 32] = [0x5a; 32];

/// The server's keys.
///
/// # Errors
/// When they cannot be used.
pub fn secrets() -> anyhow::Result<Secrets> {
    Secrets::new(&[KEY], &[(1, KEY)])
}

/// The journal on a machine's disk.
#[must_use]
pub fn journal_of(machine: Machine) -> Journal {
    Journal::on(Arc::new(vfs::files::ServerFiles), &vfs::folder(machine))
}

/// Calls of its disks that were refused so far.
#[must_use]
pub fn troubles() -> u64 {
    [SERVER, JOURNAL].into_iter().map(|machine| vfs::tell(machine, |disk| disk.troubles())).sum()
}

/// Whether no call of its disks was refused so far.
#[must_use]
pub fn disks_are_sound() -> bool {
    [SERVER, JOURNAL].into_iter().all(|machine| vfs::tell(machine, |disk| disk.troubles()) == 0)
}

/// Starts the service on the machine's disk.
///
/// # Errors
/// What the start says.
pub fn start(clock: Arc<SimClock>, chance: Chance) -> anyhow::Result<Arc<Service>> {
    let dir = vfs::folder(SERVER);
    let options = Options { path: dir.join("mbs.db"), vfs: Some(vfs::NAME.into()), readers: 0, exclusive: true };
    Service::new(Parts {
        db: Arc::new(Sqlite::open(&options)?),
        store: Arc::new(Folder::open_on(Box::new(vfs::files::ServerFiles), &dir.join("blobs"))?),
        journal: journal_of(JOURNAL),
        clock,
        random: Arc::new(SeededRandom::new(chance)),
        secrets: secrets()?,
        knowledge: Knowledge::istanbul(),
        queue: 64,
        url: String::new(),
        second_factor: false,
        open_data: false,
        provider: None,
    })
}

/// Work of the server that is under way.
pub type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// Goes on with it as far as it gets without the writer.
pub fn poll<T>(work: &mut Work<T>) -> Option<T> {
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// Lets the server do it with nothing else under way.
pub fn at_once<T>(service: &Service, mut work: Work<T>) -> Option<T> {
    for _ in 0..16 {
        if let Some(done) = poll(&mut work) {
            return Some(done);
        }
        service.writer.step();
    }
    None
}

/// Ends a service whose machine is off: what waits in the writer is dropped with it.
pub fn bury(service: Arc<Service>) {
    vfs::tell(SERVER, Disk::turn_off);
    while service.writer.step() > 0 {}
    drop(service);
}

/// Answers a request of whose body the first `arrived` bytes came: routes as the router does.
pub async fn answer(service: Arc<Service>, request: HttpRequest, arrived: usize) -> HttpReply {
    match route(&service, request, arrived).await {
        Ok((status, body)) => HttpReply { status, headers: Vec::new(), body },
        Err(fault) => refusal(&fault),
    }
}

fn refusal(fault: &Fault) -> HttpReply {
    let envelope = Envelope { code: fault.code, message: fault.message.to_string(), request_id: String::new() };
    let wait = matches!(fault.code, Code::Busy | Code::SlowDown);
    HttpReply {
        status: status(fault.code).as_u16(),
        headers: wait.then(|| ("retry-after".to_owned(), "2".to_owned())).into_iter().collect(),
        body: serde_json::to_vec(&envelope).unwrap_or_default(),
    }
}

fn query<T: std::str::FromStr>(request: &HttpRequest, name: &str) -> Option<T> {
    request.query.iter().find(|(n, _)| *n == name).and_then(|(_, v)| v.parse().ok())
}

async fn route(service: &Arc<Service>, mut request: HttpRequest, arrived: usize) -> Result<(u16, Vec<u8>), Fault> {
    let whole = arrived >= request.body.len();
    request.body.truncate(arrived);
    let body = std::mem::take(&mut request.body);
    let any_caller = || -> Result<Arc<Caller>, Fault> {
        let header = request.headers.iter().find(|(n, _)| *n == "authorization").map(|(_, v)| v.as_str());
        service.devices.find(&token_of(header)?, &*service.db)
    };
    let caller =
        || any_caller().and_then(|c| if c.device.revoked == 0 { Ok(c) } else { Err(Fault::new(Code::Revoked)) });
    let parts: Vec<&str> = request.path.split('/').skip(1).collect();
    let name = |text: &str| text.parse::<BlobHash>().map_err(|_| Fault::new(Code::Malformed));
    let of = || query::<RequestId>(&request, "request").ok_or(Fault::new(Code::Malformed));
    let cut = || if whole { Ok(()) } else { Err(Fault::new(Code::Malformed)) };
    match (request.method, parts.as_slice()) {
        (Method::Post, ["v1", "enrol"]) => {
            cut()?;
            Ok((200, enrol::enrol(service, None, &body).await?))
        }
        (Method::Post, ["v1", "sync"]) => {
            let caller = any_caller()?;
            cut()?;
            Ok((200, sync::sync(service, &caller, &body).await?))
        }
        (Method::Post, ["v1", "reconcile"]) => {
            let caller = caller()?;
            cut()?;
            Ok((200, encode(&reconcile::reconcile(service, &caller, &body)?)))
        }
        (Method::Get, ["v1", "snapshot"]) => {
            let page = query(&request, "page").unwrap_or(mbs_shared::wire::sync::MAX_PAGE);
            let abilities = query(&request, "abilities").map_or(Abilities::DICTIONARY_1, Abilities);
            let page = snapshot::snapshot(service, &*caller()?, query(&request, "after"), page, abilities)?;
            Ok((200, encode(&page)))
        }
        (Method::Put, ["v1", "blobs", hash]) => {
            let (caller, hash, of) = (caller()?, name(hash)?, of()?);
            let size = query(&request, "size").ok_or(Fault::new(Code::Malformed))?;
            let offset = query(&request, "offset").unwrap_or(0);
            // What came before a cut is kept, as the router does.
            let put = blob::put(service, &caller, Slice { hash, request: of, offset, size }, body).await;
            cut()?;
            match put? {
                Put::Taken(status) => Ok((200, encode(&status))),
                Put::Elsewhere(status) => Ok((409, encode(&status))),
            }
        }
        (Method::Put, ["v1", "blobs", hash, "thumb"]) => {
            let (caller, hash, of) = (caller()?, name(hash)?, of()?);
            cut()?;
            Ok((200, encode(&blob::put_thumb(service, &caller, hash, of, body).await?)))
        }
        (Method::Get, ["v1", "blobs", hash, "thumb"]) => {
            Ok((200, blob::get(service, &*caller()?, Key::Thumb(name(hash)?), 0).await?))
        }
        (Method::Get, ["v1", "receipts", request]) => {
            let request = request.parse().map_err(|_| Fault::new(Code::Malformed))?;
            Ok((200, encode(&receipt::receipt(service, &*caller()?, request)?)))
        }
        (Method::Get, ["v1", "nearby"]) => {
            Ok((200, encode(&nearby::nearby(service, &*caller()?, query(&request, "known"))?)))
        }
        (Method::Get, ["v1", "announcements"]) => {
            let after = query(&request, "after").unwrap_or(0);
            Ok((200, encode(&announcements::after(service, &*caller()?, after)?)))
        }
        (Method::Post, ["v1", "announcements", "seen"]) => {
            announcements::seen(service, &*caller()?, &request.body).await?;
            Ok((204, Vec::new()))
        }
        _ => Err(Fault::new(Code::NotFound)),
    }
}
