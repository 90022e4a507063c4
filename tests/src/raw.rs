//! A tablet that obeys nobody: speaks the exchanges by hand, with a real identity and whatever bytes it likes.
#![allow(clippy::panic, reason = "a story's world stops at what should not be")]

use base64::Engine as _;
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, BlobHash, CaseNo, DeviceNo, RequestId, SessionId};
use mbs_shared::pack::pack;
use mbs_shared::request::{Kind, Request};
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::error::{Code, Envelope};
use mbs_shared::wire::sync::{Cursor, FIRST_PAGE, Item, ItemKind, ItemResult, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_shared::wire::{decode, encode};
use reqwest::blocking::{Client, RequestBuilder};

use crate::people::{Dice, RASIMPASA_PLACE, Words};

/// A tablet in the wrong hands.
#[derive(Debug)]
pub struct RawTablet {
    client: Client,
    base: String,
    /// What it was given at enrolment.
    pub identity: EnrolReply,
    dice: Dice,
    made: u32,
}

/// A refusal of a whole call: status and code.
pub type Refused = (u16, Option<Code>);

impl RawTablet {
    /// Enrols with that code.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn enrol(base: &str, code: &str, seed: u64) -> Self {
        mbs_tablet::sync::client::install_provider();
        let client = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap_or_else(|e| panic!("no HTTP client: {e}"));
        let code = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let ask = EnrolRequest { version: PROTOCOL, code, public_key: [7; 32], app: "0.1.0".into() };
        let bytes = carry(client.post(format!("{base}/v1/enrol")).body(encode(&ask)))
            .unwrap_or_else(|e| panic!("enrolment: {e:?}"));
        let identity = decode(&bytes).unwrap_or_else(|e| panic!("enrolment: {e:?}"));
        Self { client, base: base.to_owned(), identity, dice: Dice::new(seed), made: 0 }
    }

    fn token(&self) -> String {
        format!("Bearer {}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.identity.token))
    }

    /// `N` fresh bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.dice.fill(&mut out);
        out
    }

    /// An actor of this tablet.
    pub fn actor(&mut self) -> Actor {
        let random = self.random();
        Actor::new(self.identity.device, random)
    }

    /// An actor of another tablet.
    pub fn foreign_actor(&mut self) -> Actor {
        let random = self.random();
        Actor::new(DeviceNo(self.identity.device.0 ^ 0x5555), random)
    }

    /// A sound request in those words.
    pub fn request(&mut self, words: &Words) -> Request {
        self.made += 1;
        Request {
            schema: mbs_shared::request::SCHEMA,
            title: words.title(),
            desc: words.text.clone(),
            category: words.category.clone(),
            kind: Kind::Complaint,
            gps: Some(RASIMPASA_PLACE),
            addr: String::new(),
            at: jiff::Timestamp::now().as_millisecond(),
            no: CaseNo::new(self.identity.prefix.parse().unwrap_or_else(|e| panic!("{e}")), self.made, 77),
            discreet: false,
            rel: None,
            blobs: Vec::new(),
        }
    }

    /// The raw first change of a request.
    ///
    /// # Panics
    /// When the request breaks the schema.
    pub fn first_change(&mut self, request: &Request) -> Vec<u8> {
        let actor = self.actor();
        Document::create(actor, request).unwrap_or_else(|e| panic!("{e}")).1.raw
    }

    /// A raw change as an item.
    pub fn change(&mut self, request: RequestId, raw: &[u8]) -> Item {
        self.item(ItemKind::Change, request, pack(raw))
    }

    /// Any bytes as an item.
    pub fn item(&mut self, kind: ItemKind, request: RequestId, packed: Vec<u8>) -> Item {
        self.made += 1;
        Item { kind, request, packed: packed.into(), count: self.made, mac: None, past: None }
    }

    /// A frame around items.
    pub fn frame(&mut self, items: Vec<Item>) -> SyncRequest {
        SyncRequest {
            version: PROTOCOL,
            abilities: Abilities::OURS,
            session: SessionId(self.random()),
            cursor: Cursor::default(),
            now: jiff::Timestamp::now().as_millisecond(),
            page: FIRST_PAGE,
            created: self.made,
            items,
            digest: None,
            about: None,
        }
    }

    /// Pushes bytes as a frame.
    ///
    /// # Errors
    /// The refusal of the whole frame.
    ///
    /// # Panics
    /// When the reply is no reply.
    pub fn push_bytes(&self, body: Vec<u8>) -> Result<SyncReply, Refused> {
        let bytes =
            carry(self.client.post(format!("{}/v1/sync", self.base)).header("authorization", self.token()).body(body))?;
        Ok(decode(&bytes).unwrap_or_else(|e| panic!("the reply: {e:?}")))
    }

    /// Pushes items.
    ///
    /// # Errors
    /// The refusal of the whole frame.
    pub fn push(&mut self, items: Vec<Item>) -> Result<Vec<ItemResult>, Refused> {
        let frame = self.frame(items);
        self.push_bytes(encode(&frame)).map(|r| r.results)
    }

    /// Pushes one item.
    ///
    /// # Panics
    /// When the whole frame is refused.
    pub fn push_one(&mut self, item: Item) -> ItemResult {
        self.push(vec![item]).unwrap_or_else(|e| panic!("the frame was refused: {e:?}")).remove(0)
    }

    /// Puts a photo's bytes.
    ///
    /// # Errors
    /// The refusal.
    pub fn put_photo(
        &self,
        hash: BlobHash,
        request: RequestId,
        said: usize,
        bytes: &[u8],
    ) -> Result<BlobStatus, Refused> {
        let url = format!("{}/v1/blobs/{hash}?request={request}&offset=0&size={said}", self.base);
        let bytes = carry(self.client.put(url).header("authorization", self.token()).body(bytes.to_vec()))?;
        decode(&bytes).map_err(|code| (200, Some(code)))
    }

    /// Gets a photo's bytes.
    ///
    /// # Errors
    /// The refusal.
    pub fn get_photo(&self, hash: BlobHash) -> Result<Vec<u8>, Refused> {
        carry(self.client.get(format!("{}/v1/blobs/{hash}", self.base)).header("authorization", self.token()))
    }
}

fn carry(request: RequestBuilder) -> Result<Vec<u8>, Refused> {
    let reply = request.send().map_err(|_| (0, None))?;
    let status = reply.status();
    let bytes = reply.bytes().map_err(|_| (0, None))?.to_vec();
    if status.is_success() {
        Ok(bytes)
    } else {
        Err((status.as_u16(), serde_json::from_slice::<Envelope>(&bytes).ok().map(|e| e.code)))
    }
}
