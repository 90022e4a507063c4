//! People at the desk and the directorate's own program, over HTTP as they really come.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::time::Duration;

use mbs_shared::id::RequestId;
use mbs_shared::wire::error::{Code, Envelope};
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// What the server answered instead of doing it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Code of the envelope, when there was one.
    pub code: Option<Code>,
    /// The sentence, or what stood in its place.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}: {}", self.status, self.code, self.message)
    }
}

fn client() -> Client {
    mbs_tablet::sync::client::install_provider();
    Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap_or_else(|e| panic!("no HTTP client: {e}"))
}

fn read(reply: reqwest::Result<Response>) -> Result<(Option<String>, Vec<u8>), Refusal> {
    let lost = |e: reqwest::Error| Refusal { status: 0, code: None, message: e.to_string() };
    let reply = reply.map_err(lost)?;
    let status = reply.status();
    let cookie = reply
        .headers()
        .get("set-cookie")
        .and_then(|c| c.to_str().ok())
        .map(|c| c.split(';').next().unwrap_or(c).to_owned());
    let bytes = reply.bytes().map_err(lost)?.to_vec();
    if status.is_success() {
        return Ok((cookie, bytes));
    }
    let envelope = serde_json::from_slice::<Envelope>(&bytes).ok();
    let message = envelope.as_ref().map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |e| e.message.clone());
    Err(Refusal { status: status.as_u16(), code: envelope.map(|e| e.code), message })
}

fn json_of(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(bytes).unwrap_or_else(|e| panic!("no JSON: {e}"))
    }
}

/// Someone who is signed in at the desk.
#[derive(Debug, Clone)]
pub struct Staff {
    client: Client,
    base: String,
    cookie: String,
}

impl Staff {
    /// Signs in at the server with that address.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn sign_in(base: &str, login: &str, password: &str) -> Result<Self, Refusal> {
        let client = client();
        let body = json!({ "login": login, "password": password }).to_string();
        let request = client
            .post(format!("{base}/desk/api/sign-in"))
            .header("origin", base)
            .header("content-type", "application/json");
        let (cookie, _) = read(request.body(body).send())?;
        let cookie =
            cookie.ok_or_else(|| Refusal { status: 200, code: None, message: "no session cookie".to_owned() })?;
        Ok(Self { client, base: base.to_owned(), cookie })
    }

    /// The same session at another address, e.g. after a restart on another port.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}/desk/api/{path}", self.base))
            .header("origin", &self.base)
            .header("cookie", &self.cookie)
    }

    /// Reads.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn get(&self, path: &str) -> Result<Value, Refusal> {
        read(self.request(Method::GET, path).send()).map(|(_, b)| json_of(&b))
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        read(self.request(Method::GET, path).send()).map(|(_, b)| b)
    }

    /// Does.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        let request =
            self.request(Method::POST, path).header("content-type", "application/json").body(body.to_string());
        read(request.send()).map(|(_, b)| json_of(&b))
    }

    /// Hands in a photo from the spot; its name.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn add_photo(&self, bytes: Vec<u8>) -> Result<String, Refusal> {
        let request = self.request(Method::POST, "photos").header("content-type", "image/jpeg").body(bytes);
        let (_, bytes) = read(request.send())?;
        Ok(json_of(&bytes)["hash"].as_str().unwrap_or_default().to_owned())
    }

    /// Gives a photo from the spot its preview.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn add_preview(&self, hash: &str, bytes: Vec<u8>) -> Result<(), Refusal> {
        let request = self.request(Method::PUT, &format!("photos/{hash}/thumb")).header("content-type", "image/jpeg");
        read(request.body(bytes).send()).map(drop)
    }

    /// One request in full.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn open(&self, id: RequestId) -> Result<Value, Refusal> {
        self.get(&format!("requests/{id}"))
    }

    /// Does something to a request as it stands now; `more` holds unit, outcome, date, note.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn act(&self, id: RequestId, action: &str, more: Value) -> Result<Value, Refusal> {
        let n = self.open(id)?["n"].clone();
        let mut act = json!({ "n": n, "action": action });
        if let (Some(act), Value::Object(more)) = (act.as_object_mut(), more) {
            act.extend(more);
        }
        self.post(&format!("requests/{id}/act"), &act)
    }
}

/// The directorate's own program: a key and a cursor.
#[derive(Debug, Clone)]
pub struct Directorate {
    client: Client,
    base: String,
    key: String,
    /// Where it stands; it keeps this on its own disk.
    pub after: String,
}

impl Directorate {
    /// A program with that key, which has fetched nothing yet.
    #[must_use]
    pub fn new(base: &str, key: &str) -> Self {
        Self { client: client(), base: base.to_owned(), key: key.to_owned(), after: String::new() }
    }

    /// A fresh process of the same program: only the cursor it kept is known. The server may have moved.
    #[must_use]
    pub fn restarted(&self, base: &str) -> Self {
        Self { after: self.after.clone(), ..Self::new(base, &self.key) }
    }

    /// One page.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn page(&self, query: &str) -> Result<Value, Refusal> {
        let request = self
            .client
            .get(format!("{}/api/v1/updates{query}", self.base))
            .header("authorization", format!("Bearer {}", self.key));
        read(request.send()).map(|(_, b)| json_of(&b))
    }

    /// Writes what its unit decides.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn act(&self, id: RequestId, act: &Value) -> Result<Value, Refusal> {
        let request = self
            .client
            .post(format!("{}/api/v1/requests/{id}/act", self.base))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        read(request.body(act.to_string()).send()).map(|(_, b)| json_of(&b))
    }
}

/// Everything the program has not fetched yet, page by page, its cursor moved on.
///
/// # Panics
/// When the server refuses.
pub fn all_updates(program: &mut Directorate) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = program.page(&format!("?after={}", program.after)).unwrap_or_else(|e| panic!("updates: {e}"));
        all.extend(page["updates"].as_array().cloned().unwrap_or_default());
        program.after = page["next"].as_str().unwrap_or_else(|| panic!("no cursor in {page}")).to_owned();
        if page["more"] != true {
            return all;
        }
    }
}
