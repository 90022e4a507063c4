//! The server with a clock of its own, and those who call its routes: tablets, the desk, a directorate's program.

use std::collections::{BTreeMap, BTreeSet};
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
use mbs_server::database::{Session, api_keys, feed, staff};
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

/// The unit above all others of the city.
pub const CITY: &str = "ibb";
/// People who do triage.
const TRIAGE: usize = 3;
/// People who work in each unit, beside its approver.
const STAFF: usize = 2;
/// How long keys and sessions last here, ms.
const FAR: i64 = 10 * 365 * 86_400_000;
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
    /// Cookies of those who do triage.
    triage: Vec<String>,
    /// Cookie of an operator.
    operator: String,
    /// Cookies of those who work in each unit, and of its approver, last.
    units: BTreeMap<String, Vec<String>>,
    /// The directorate's key.
    key: String,
    /// Keys of institutions' programs.
    programs: BTreeMap<String, String>,
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
        Self::on(dir, seed, |_| Ok(now))
    }

    /// The town that was played in that folder, as it stood when it ended.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn open(dir: &Path) -> Result<Self> {
        // Other sessions than those that were played.
        Self::on(dir, u64::from_be_bytes(*b"measured"), |service| {
            let last =
                service.db.ask(|s| s.first("select at from feed order by seq desc limit 1", &[], |r| r.int(0)))?;
            last.with_context(|| format!("{} holds no play", dir.display()))
        })
    }

    fn on(dir: &Path, seed: u64, now: impl FnOnce(&Service) -> Result<i64>) -> Result<Self> {
        let clock = Arc::new(MovedClock::default());
        let chance = Arc::new(Chance::new(seed));
        let mut parts = Parts::folder(dir)?;
        parts.clock = clock.clone();
        parts.random = chance.clone();
        let service = Service::new(parts)?;
        let now = now(&service)?;
        clock.0.store(now, Ordering::SeqCst);
        mbs_server::operate::prepare(&service)?;
        service.start_writer()?;
        let secret: [u8; 32] = (&*chance as &dyn Random).bytes();
        let key = keys::text(&secret);
        service.db.change(|s| api_keys::add(s, &keys::hash(&key), "program", CITY, now, now + FAR, false))?;
        let mut town = Self {
            router: router(service.clone()),
            triage: Vec::new(),
            operator: String::new(),
            units: BTreeMap::new(),
            key,
            programs: BTreeMap::new(),
            service,
            clock,
            chance,
            tablets: Vec::new(),
            program: (String::new(), Vec::new()),
        };
        for n in 1..=TRIAGE {
            let cookie =
                town.seat(&format!("on-inceleme-{n}"), &format!("Ön inceleme masası {n}"), Role::Triage, "")?;
            town.triage.push(cookie);
        }
        town.operator = town.seat("isletim", "Sunucu işletimi", Role::Operator, "")?;
        Ok(town)
    }

    /// Someone sits down at the desk; the cookie of the session. Nobody knows a password of theirs.
    fn seat(&self, login: &str, name: &str, role: Role, unit: &str) -> Result<String> {
        let (now, token): (i64, [u8; 32]) = (self.now(), (&*self.chance as &dyn Random).bytes());
        self.service.db.change(|s| {
            let s: &mut dyn Session = s;
            staff::add(s, login, name, role, unit, "-", now)?;
            let id = s.first("select id from staff where login = $1", &[login.into()], |r| r.int(0))?.unwrap_or(0);
            staff::begin(s, &sha256(&token), id, now, now + FAR)
        })?;
        let set = sessions::set_cookie(&token, false).context("a cookie")?;
        Ok(set.to_str()?.split(';').next().unwrap_or_default().to_owned())
    }

    fn one_of(&self, all: &[String]) -> Result<String> {
        let at = usize::try_from(self.chance.below(all.len() as u64))?;
        all.get(at).cloned().context("nobody sits there")
    }

    /// The cookie of an operator.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The cookie of somebody of triage.
    ///
    /// # Errors
    /// When nobody does it.
    pub fn of_triage(&self) -> Result<String> {
        self.one_of(&self.triage)
    }

    /// The cookie of somebody who works in a unit, or of the one who approves its answers.
    ///
    /// # Errors
    /// When the server does not take a new person.
    pub fn of_unit(&mut self, unit: &str, approver: bool) -> Result<String> {
        if !self.units.contains_key(unit) {
            let mut people = Vec::new();
            for n in 1..=STAFF {
                people.push(self.seat(&format!("{unit}-{n}"), &format!("{unit}, masa {n}"), Role::Unit, unit)?);
            }
            people.push(self.seat(&format!("{unit}-onay"), &format!("{unit}, onay"), Role::Approver, unit)?);
            self.units.insert(unit.to_owned(), people);
        }
        let people = self.units.get(unit).context("a unit's people")?;
        match people.split_last() {
            Some((approves, _)) if approver => Ok(approves.clone()),
            Some((_, work)) => self.one_of(work),
            None => bail!("nobody works in {unit}"),
        }
    }

    /// The operator switches on that a unit's answers go to an approver.
    ///
    /// # Errors
    /// A refusal, with what the server says.
    pub async fn approve_answers_of(&self, unit: &str) -> Result<()> {
        let call = Call::builder().method("POST").uri(format!("/desk/api/units/{unit}"));
        let call = call.header("cookie", &self.operator).header("content-type", "application/json");
        let (status, bytes) = self.call(call.body(Body::from(r#"{"approval":true}"#))?).await?;
        if !status.is_success() {
            bail!("{unit}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(())
    }

    /// An institution's own program does something to a request; whether it was taken.
    ///
    /// # Errors
    /// A refusal, with what the server says.
    pub async fn program_acts(&mut self, unit: &str, id: RequestId, act: &Value) -> Result<bool> {
        if !self.programs.contains_key(unit) {
            let (now, secret): (i64, [u8; 32]) = (self.now(), (&*self.chance as &dyn Random).bytes());
            let key = keys::text(&secret);
            self.service.db.change(|s| api_keys::add(s, &keys::hash(&key), unit, unit, now, now + FAR, true))?;
            self.programs.insert(unit.to_owned(), key);
        }
        let key = self.programs.get(unit).context("a key")?;
        let call = Call::builder().method("POST").uri(format!("/api/v1/requests/{id}/act"));
        let call = call.header("authorization", format!("Bearer {key}")).header("content-type", "application/json");
        let (status, bytes) = self.call(call.body(Body::from(act.to_string()))?).await?;
        if status != StatusCode::CONFLICT && !status.is_success() {
            bail!("{unit} {id} {act}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(status.is_success())
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
                about: None,
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
