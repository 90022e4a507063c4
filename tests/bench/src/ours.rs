//! Our server as a side of the benchmark.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail, ensure};
use mbs_engines::postgres::Cluster;
use mbs_server::auth::device::{Caller, token_text};
use mbs_server::engines::{Opener, Photos, Place};
use mbs_server::handlers::{enrol, sync};
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command as Order;
use mbs_server::service::{Parts, Service};
use mbs_shared::digest::Digest;
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, DeviceNo, RequestId, SessionId};
use mbs_shared::pack::pack;
use mbs_shared::routing::{Action, State, Who};
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{Cursor, Item, ItemKind, ItemResult, MAX_PAGE, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_shared::wire::{decode, encode};

use crate::client::{Line, request};
use crate::floor::{self, Floor};
use crate::measure;
use crate::phases::{Running, Script, Side, start};
use crate::workload::{CHANGED, City, FRESH, FRESH_REQUESTS, HELD, NOW, Random, photos};

/// The sync server, as released.
#[derive(Default)]
pub(crate) struct Ours {
    /// On PostgreSQL (photos stay in the folder); else built alone, plain SQLite.
    pub(crate) cluster: Option<Cluster>,
}

/// In the data folder: address of the database, when it is not there itself.
const ADDRESS: &str = "database.address";

/// Where the database of a data folder is.
fn place(dir: &Path) -> Result<Place> {
    Place::parse(&std::fs::read_to_string(dir.join(ADDRESS)).unwrap_or_default())
}

/// Requests of one push while a folder is filled.
const BATCH: usize = 50;

/// A tablet while its folder is filled.
struct Tablet {
    t: usize,
    token: [u8; 32],
    device: DeviceNo,
    caller: Arc<Caller>,
    actor: Actor,
    count: u32,
}

impl Tablet {
    fn id(&self, n: usize) -> RequestId {
        // Not random but unlike each other, and the same in every run.
        RequestId(Random::new(((self.t as u64) << 24) | n as u64).bytes())
    }

    fn item(&mut self, city: &City, n: usize, photos: &[mbs_shared::blob::BlobRef]) -> Result<Item> {
        let (_, change) = Document::create(self.actor, &city.request(self.t, n, photos)?)?;
        self.count += 1;
        let packed = pack(&change.raw).into();
        Ok(Item { kind: ItemKind::Change, request: self.id(n), packed, count: self.count, mac: None, past: None })
    }

    fn frame(&self, session: u8, cursor: Cursor, items: Vec<Item>) -> Vec<u8> {
        encode(&SyncRequest {
            version: PROTOCOL,
            abilities: Abilities::OURS,
            session: SessionId(Random::new(((self.t as u64) << 8) | u64::from(session)).bytes()),
            cursor,
            now: NOW,
            page: MAX_PAGE,
            created: self.count,
            // A poll carries a digest, which the server compares.
            digest: items.is_empty().then_some(Digest(u64::MAX)),
            items,
            about: None,
        })
    }
}

async fn exchange(service: &Arc<Service>, tablet: &Tablet, frame: &[u8]) -> Result<SyncReply> {
    let reply = sync::sync(service, &tablet.caller, frame).await.map_err(|e| anyhow!("{e}"))?;
    decode(&reply).map_err(|e| anyhow!("a reply that cannot be read: {e:?}"))
}

async fn enrolled(service: &Arc<Service>, city: &City, t: usize) -> Result<Tablet> {
    let neighbourhood = city.neighbourhoods.get(t).context("more tablets than neighbourhoods")?;
    let code = enrol::new_code(service, neighbourhood, "Muhtar").await.map_err(|e| anyhow!("{e}"))?;
    let ask = EnrolRequest { version: PROTOCOL, code: code.text, public_key: [7; 32], app: "bench".into() };
    let reply = enrol::enrol(service, None, &encode(&ask)).await.map_err(|e| anyhow!("{e}"))?;
    let reply: EnrolReply = decode(&reply).map_err(|e| anyhow!("{e:?}"))?;
    let caller = service.devices.find(&reply.token, &*service.db).map_err(|e| anyhow!("{e}"))?;
    let actor = Actor::new(reply.device, Random::new(t as u64).bytes());
    Ok(Tablet { t, token: reply.token, device: reply.device, caller, actor, count: 0 })
}

/// An officer does something to a request that the tablet has not seen.
async fn officer(service: &Arc<Service>, id: RequestId) -> Result<()> {
    let head = service.db.ask(|s| mbs_server::database::requests::by_id(s, id))?.context("no such request")?;
    let command = match head.state {
        State::Assigned => Order::new(Who::Unit, Action::Accept),
        State::InReview => Order::new(Who::Triage, Action::Ask).saying("Hangi kapı numarasının önünde?"),
        State::External => Order::new(Who::Triage, Action::TakeBack).saying("Cevap gelmedi."),
        other => bail!("an officer has nothing to do in {other:?}"),
    };
    service.act(Act { request: id, author: 0, seen: None, command }).await.map_err(|e| anyhow!("{e}"))?;
    Ok(())
}

async fn fill(service: &Arc<Service>, tablets: usize, requests: usize) -> Result<Vec<Script>> {
    let city = City::new(tablets)?;
    let mut scripts = Vec::new();
    for t in 0..tablets {
        let mut tablet = enrolled(service, &city, t).await?;
        let held = if t < FRESH { FRESH_REQUESTS - requests } else { HELD };
        let mut cursor = Cursor { epoch: service.epoch, seq: 0 };
        for first in (0..held).step_by(BATCH) {
            let items = (first..held.min(first + BATCH)).map(|n| tablet.item(&city, n, &[])).collect::<Result<_>>()?;
            let mut reply = exchange(service, &tablet, &tablet.frame(0, cursor, items)).await?;
            ensure!(reply.results.iter().all(|r| matches!(r, ItemResult::Ok { .. })), "{:?}", reply.results);
            cursor = reply.cursor;
            while reply.more {
                reply = exchange(service, &tablet, &tablet.frame(0, cursor, Vec::new())).await?;
                cursor = reply.cursor;
            }
        }
        for n in 0..CHANGED {
            officer(service, tablet.id(n)).await?;
        }
        // A new process start: fresh actor, fresh session.
        tablet.actor = Actor::new(tablet.device, Random::new(0xffff_0000 | t as u64).bytes());
        let sent = photos(t);
        let refs: Vec<_> = sent.iter().map(|(r, _)| *r).collect();
        let items = (0..requests)
            .map(|n| tablet.item(&city, 1000 + n, if n == 0 { refs.as_slice() } else { &[] }))
            .collect::<Result<_>>()?;
        let token = token_text(&tablet.token);
        let push = tablet.frame(1, cursor, items);
        // The poll's cursor lies past everything that will have happened.
        let end = Cursor { epoch: service.epoch, seq: 1 << 40 };
        let poll = tablet.frame(2, end, Vec::new());
        let first = tablet.id(1000);
        scripts.push(Script {
            morning: vec![request("POST", "/v1/sync", &token, &push)],
            poll: request("POST", "/v1/sync", &token, &poll),
            photos: sent
                .iter()
                .map(|(r, b)| {
                    let path = format!("/v1/blobs/{}?request={first}&offset=0&size={}", r.hash, b.len());
                    request("PUT", &path, &token, b)
                })
                .collect(),
            token,
        });
    }
    Ok(scripts)
}

impl Side for Ours {
    async fn prepare(&self, dir: &Path, tablets: usize, requests: usize) -> Result<Vec<Script>> {
        if let Some(cluster) = &self.cluster {
            std::fs::write(dir.join(ADDRESS), cluster.database())?;
        }
        let service = Service::new(Parts::open(dir, &place(dir)?, &Photos::DataFolder)?)?;
        let writer = service.start_writer()?;
        let scripts = fill(&service, tablets, requests).await;
        service.writer.stop();
        writer.join().map_err(|_| anyhow!("the writer crashed"))?;
        scripts
    }

    fn start(&self, dir: &Path) -> Result<Running> {
        let mut command = Command::new(std::env::current_exe()?.with_file_name("mbs-server"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(dir);
        if let Place::Postgres(address) = place(dir)? {
            command.env("MBS_DATABASE", address);
        }
        let mut running = start(command)?;
        running.database = self.cluster.as_ref().map(Cluster::pid);
        Ok(running)
    }

    fn disk(&self, dir: &Path) -> Result<u64> {
        const SIZE: &str = "select pg_database_size(current_database())";
        match place(dir)? {
            Place::DataFolder => measure::database_bytes(dir),
            place @ Place::Postgres(_) => {
                let size = place.open(dir, Opener::Command)?.ask(|s| s.first(SIZE, &[], |r| r.int(0)))?;
                Ok(size.unwrap_or_default().unsigned_abs())
            }
        }
    }

    fn floor(&self, dir: &Path) -> Result<Option<Floor>> {
        if self.cluster.is_some() { Ok(None) } else { floor::ours(dir).map(Some) }
    }

    fn good(&self, status: u16, body: &[u8], _step: usize, requests: usize) -> Result<()> {
        ensure!(status == 200, "status {status}: {}", String::from_utf8_lossy(body));
        let reply: SyncReply = decode(body).map_err(|e| anyhow!("{e:?}"))?;
        // Each with its number and where it goes.
        let ok = reply.results.iter().filter(|r| matches!(r, ItemResult::Ok { decided: Some(_), .. })).count();
        ensure!(ok == requests, "{ok} of {requests} acknowledged");
        ensure!(!reply.more && !reply.snapshot, "the morning's page was cut");
        ensure!(reply.rows.len() >= CHANGED, "{} rows only", reply.rows.len());
        Ok(())
    }

    async fn fresh(&self, line: &mut Line, script: &Script) -> Result<usize> {
        let mut seen = std::collections::HashSet::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/snapshot?page={MAX_PAGE}{after}");
            let answer = line.ask(&request("GET", &path, &script.token, &[])).await?;
            ensure!(answer.status == 200, "snapshot: status {}", answer.status);
            let page: SnapshotPage = decode(&answer.body).map_err(|e| anyhow!("{e:?}"))?;
            seen.extend(page.rows.iter().map(|r| r.request));
            match page.next {
                Some(id) => after = format!("&after={id}"),
                None => return Ok(seen.len()),
            }
        }
    }
}
