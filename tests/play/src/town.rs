//! The server with a clock of its own, and those who call its routes: tablets, the desk, a directorate's program.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request as Call, StatusCode};
use mbs_server::auth::device::token_text;
use mbs_server::auth::{keys, staff as sessions};
use mbs_server::database::{api_keys, feed, staff};
use mbs_server::handlers::desk::view::Role;
use mbs_server::handlers::enrol;
use mbs_server::ports::{Clock, Random};
use mbs_server::router::router;
use mbs_server::secrets::sha256;
use mbs_server::service::{Parts, Service};
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, CaseNo, EntryId, Prefix, RequestId, SessionId};
use mbs_shared::pack::pack;
use mbs_shared::request::Request;
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::sync::{Cursor, Item, ItemKind, ItemResult, MAX_PAGE, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_shared::wire::{decode, encode};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::chance::Chance;

/// The unit under which everybody works who works in the city.
pub const CITY: &str = "ibb";
/// Largest answer that is read.
const MOST: usize = 1 << 26;

/// A clock that is moved.
#[derive(Debug, Default)]
pub struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The town.
pub struct Town {
    /// The server.
    pub service: Arc<Service>,
    clock: Arc<MovedClock>,
    chance: Arc<Chance>,
    router: Router,
    /// Cookie of triage.
    pub triage: String,
    /// Cookie of someone who works in, and approves for, every unit.
    pub unit: String,
    /// The directorate's key.
    key: String,
    /// The tablets.
    pub tablets: Vec<Tablet>,
    /// Where the directorate's program has read up to, and what it was told.
    pub program: (String, Vec<i64>),
}

/// A tablet as the server sees it.
pub struct Tablet {
    identity: EnrolReply,
    actor: Actor,
    session: SessionId,
    cursor: Cursor,
    counter: u32,
    made: u32,
    /// Neighbourhood it serves.
    pub neighbourhood: String,
    /// Its session as the feed has it.
    pub first_of_session: i64,
    /// Rows it was told by the feed, hashed.
    pub told: BTreeSet<u64>,
    /// How many it was told more than once.
    pub twice: usize,
}

impl Town {
    /// A new town on an empty folder at that time.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn new(dir: &Path, seed: u64, now: i64) -> Result<Self> {
        let clock = Arc::new(MovedClock(AtomicI64::new(now)));
        let chance = Arc::new(Chance::new(seed));
        let mut parts = Parts::folder(dir)?;
        parts.clock = clock.clone();
        parts.random = chance.clone();
        let service = Service::new(parts)?;
        mbs_server::operate::prepare(&service)?;
        service.start_writer()?;
        let far = now + 10 * 365 * 86_400_000;
        let random: &dyn Random = &*chance;
        let (triage, unit): ([u8; 32], [u8; 32]) = (random.bytes(), random.bytes());
        let secret: [u8; 32] = random.bytes();
        let key = keys::text(&secret);
        service.db.change(|s| {
            staff::add(s, "on", "Ön inceleme masası", Role::Triage, "", "-", now)?;
            staff::add(s, "birim", "Birim masası", Role::Approver, CITY, "-", now)?;
            staff::begin(s, &sha256(&triage), 1, now, far)?;
            staff::begin(s, &sha256(&unit), 2, now, far)?;
            api_keys::add(s, &keys::hash(&key), "program", CITY, now, far)
        })?;
        let cookie = |token| {
            let set = sessions::set_cookie(token, false).context("a cookie")?;
            Ok::<_, anyhow::Error>(set.to_str()?.split(';').next().unwrap_or_default().to_owned())
        };
        Ok(Self {
            router: router(service.clone()),
            triage: cookie(&triage)?,
            unit: cookie(&unit)?,
            key,
            service,
            clock,
            chance,
            tablets: Vec::new(),
            program: (String::new(), Vec::new()),
        })
    }

    /// Moves the clock; never back.
    pub fn at(&self, now: i64) {
        self.clock.0.fetch_max(now, Ordering::SeqCst);
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    async fn call(&self, call: Call<Body>) -> Result<(StatusCode, Vec<u8>)> {
        let response = self.router.clone().oneshot(call).await?;
        let status = response.status();
        Ok((status, to_bytes(response.into_body(), MOST).await?.to_vec()))
    }

    /// Asks the desk something; anything but an answer is an error.
    ///
    /// # Errors
    /// A refusal, with what the server says.
    pub async fn get(&self, cookie: &str, path: &str) -> Result<Vec<u8>> {
        let call = Call::builder().uri(format!("/desk/api/{path}")).header("cookie", cookie).body(Body::empty())?;
        let (status, bytes) = self.call(call).await?;
        if !status.is_success() {
            bail!("{path}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }

    /// The same, read as JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn json(&self, cookie: &str, path: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.get(cookie, path).await?)?)
    }

    /// Someone at the desk does something to a request; the request as it is then, or nothing when it went on meanwhile.
    ///
    /// # Errors
    /// A refusal, with what the server says.
    pub async fn act(&self, cookie: &str, id: RequestId, act: &Value) -> Result<Option<Value>> {
        let call = Call::builder().method("POST").uri(format!("/desk/api/requests/{id}/act"));
        let call = call.header("cookie", cookie).header("content-type", "application/json");
        let (status, bytes) = self.call(call.body(Body::from(act.to_string()))?).await?;
        if status == StatusCode::CONFLICT {
            return Ok(None);
        }
        if !status.is_success() {
            bail!("{id} {act}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(Some(serde_json::from_slice(&bytes)?))
    }

    /// A tablet is enrolled as every tablet is.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn enrol(&mut self, neighbourhood: &str) -> Result<()> {
        let (now, chance, scope) = (self.now(), self.chance.clone(), self.service.scopes.number(neighbourhood));
        let code = self.service.db.change(|s| enrol::make_code(s, &*chance, scope, "Mahalle Muhtarı", false, now))?;
        let code = code.map_err(|e| anyhow::anyhow!("a code for {neighbourhood}: {e:?}"))?.text;
        let frame = EnrolRequest { version: PROTOCOL, code, public_key: [5; 32], app: "0.1.0".into() };
        let call = Call::builder().method("POST").uri("/v1/enrol").body(Body::from(encode(&frame)))?;
        let (status, bytes) = self.call(call).await?;
        if !status.is_success() {
            bail!("enrolling in {neighbourhood}: {status}");
        }
        let identity: EnrolReply = decode(&bytes).map_err(|e| anyhow::anyhow!("the reply: {e:?}"))?;
        let random: &dyn Random = &*self.chance;
        let session: [u8; 16] = random.bytes();
        self.tablets.push(Tablet {
            actor: Actor::new(identity.device, random.bytes()),
            session: SessionId(session),
            cursor: Cursor { epoch: identity.epoch, seq: 0 },
            identity,
            counter: 0,
            made: 0,
            neighbourhood: neighbourhood.to_owned(),
            first_of_session: feed::key_of(&session),
            told: BTreeSet::new(),
            twice: 0,
        });
        Ok(())
    }

    /// A tablet files words; the request's id.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn file(&mut self, tablet: usize, words: Request) -> Result<RequestId> {
        let id = RequestId((&*self.chance as &dyn Random).bytes());
        let of = self.tablets.get_mut(tablet).context("no such tablet")?;
        of.counter += 1;
        let prefix: Prefix = of.identity.prefix.parse().map_err(|_| anyhow::anyhow!("a bad prefix"))?;
        let words = Request { no: CaseNo::new(prefix, of.counter, 77), ..words };
        let change = Document::create(of.actor, &words).map_err(|e| anyhow::anyhow!("{e}"))?.1;
        self.push(tablet, ItemKind::Change, id, &change.raw).await?;
        Ok(id)
    }

    /// The muhtar says something about a request.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn say(&mut self, tablet: usize, request: RequestId, kind: EntryKind, text: &str) -> Result<()> {
        let id = EntryId((&*self.chance as &dyn Random).bytes());
        let entry = Entry { id, kind, text: text.into(), at: self.now(), photos: Vec::new() };
        self.push(tablet, ItemKind::Entry, request, &encode(&entry)).await
    }

    async fn push(&mut self, tablet: usize, kind: ItemKind, request: RequestId, raw: &[u8]) -> Result<()> {
        let of = self.tablets.get_mut(tablet).context("no such tablet")?;
        of.made += 1;
        let item = Item { kind, request, packed: pack(raw).into(), count: of.made, mac: None, past: None };
        match self.sync(tablet, vec![item]).await?.results.first() {
            Some(ItemResult::Ok { .. }) => Ok(()),
            other => bail!("{request}: {other:?}"),
        }
    }

    /// A tablet pushes and pulls until nothing more waits.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn sync(&mut self, tablet: usize, mut items: Vec<Item>) -> Result<SyncReply> {
        let mut first = None;
        loop {
            let of = self.tablets.get(tablet).context("no such tablet")?;
            let frame = SyncRequest {
                version: PROTOCOL,
                abilities: Abilities::OURS,
                session: of.session,
                cursor: of.cursor,
                now: self.now(),
                page: MAX_PAGE,
                created: of.made,
                items: std::mem::take(&mut items),
                digest: None,
            };
            let token = format!("Bearer {}", token_text(&of.identity.token));
            let call = Call::builder().method("POST").uri("/v1/sync").header("authorization", token);
            let (status, bytes) = self.call(call.body(Body::from(encode(&frame)))?).await?;
            if !status.is_success() {
                bail!("sync: {status}");
            }
            let reply: SyncReply = decode(&bytes).map_err(|e| anyhow::anyhow!("a reply: {e:?}"))?;
            let of = self.tablets.get_mut(tablet).context("no such tablet")?;
            of.cursor = reply.cursor;
            for row in &reply.rows {
                let mut hasher = DefaultHasher::new();
                format!("{row:?}").hash(&mut hasher);
                of.twice += usize::from(!of.told.insert(hasher.finish()));
            }
            let more = reply.more;
            let first = first.get_or_insert(reply);
            if !more {
                return Ok(first.clone());
            }
        }
    }

    /// The directorate's program reads on.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn poll(&mut self) -> Result<()> {
        loop {
            let uri = format!("/api/v1/updates?limit=500&after={}", self.program.0);
            let call = Call::builder().uri(uri).header("authorization", format!("Bearer {}", self.key));
            let (status, bytes) = self.call(call.body(Body::empty())?).await?;
            if !status.is_success() {
                bail!("updates: {status} {}", String::from_utf8_lossy(&bytes));
            }
            let told: Value = serde_json::from_slice(&bytes)?;
            let updates = told["updates"].as_array().context("updates")?;
            self.program.1.extend(updates.iter().filter_map(|update| update["seq"].as_i64()));
            self.program.0 = told["next"].as_str().context("next")?.to_owned();
            if told["more"] != true {
                return Ok(());
            }
        }
    }
}
