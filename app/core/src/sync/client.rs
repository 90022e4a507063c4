//! Carries plain requests over a real line: with [`super::listener`] the only file that knows HTTP.

use std::io::Read;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::Url;
use reqwest::blocking::{Body, Client};

use super::trust::Trust;
use super::{Nudge, listener};
use crate::error::{Code, Result, fail};
use crate::ports::{Account, Connect, Cut, HttpReply, HttpRequest, Listening, Method, Random, Transport};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one request may take: 256 KiB at 64 kbit/s are 33 s.
const TOTAL: Duration = Duration::from_secs(90);

/// Opens lines over HTTPS (HTTP only to this very machine, for tests and the demo).
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// A municipality's own certificate authority, PEM.
    pub authority: Option<Vec<u8>>,
}

impl Connect for Http {
    fn connect(&self, server: &str) -> Result<Box<dyn Transport>> {
        Ok(Box::new(HttpClient::new(server, self.authority.as_deref())?))
    }

    fn listen(&self, account: &Account, random: Arc<dyn Random>, driver: Sender<Nudge>) -> Option<Box<dyn Listening>> {
        listener::start(account, self.authority.as_deref(), random, driver).map(|l| Box::new(l) as Box<dyn Listening>)
    }
}

/// A line to one server. Must not be used inside an async runtime's thread.
#[derive(Debug)]
pub struct HttpClient {
    base: Url,
    client: Client,
}

/// Makes ring the process's TLS provider, once.
pub fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that the host has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// What this app calls itself where it listens; its version stands in the exchange as well.
pub(super) const AGENT: &str = concat!("mbs-tablet/", env!("CARGO_PKG_VERSION"));

/// A server's address, and whether it is this very machine.
///
/// # Errors
/// [`Code::BadCall`] when that is no `https` address, or `http` to another machine, where the token could
/// be read on the way.
pub(super) fn address(server: &str) -> Result<(Url, bool)> {
    let bad = |why: &str| fail(Code::BadCall, format!("{server}: {why}"));
    let base: Url = server.trim().parse().map_err(|_| bad("not an address"))?;
    let here = base.host_str().is_some_and(|h| matches!(h, "127.0.0.1" | "localhost" | "[::1]"));
    if base.scheme() == "https" || (base.scheme() == "http" && here) {
        Ok((base, here))
    } else {
        Err(bad("must begin with https"))
    }
}

impl HttpClient {
    /// A line to the server at `server`, e.g. `https://mbs.example`.
    ///
    /// # Errors
    /// [`Code::BadCall`] when it is no address that may be used.
    pub fn new(server: &str, authority: Option<&[u8]>) -> Result<Self> {
        install_provider();
        let (base, here) = address(server)?;
        let builder = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy_on(here);
        let client =
            Trust::of(authority)?.blocking(builder).build().map_err(|e| fail(Code::Protocol, e.to_string()))?;
        Ok(Self { base, client })
    }

    fn url(&self, request: &HttpRequest) -> Url {
        let mut url = self.base.clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query.iter().map(|(k, v)| (*k, v.as_str())));
        }
        url
    }
}

/// Spares the machine's own server a detour over a proxy.
trait NoProxyOn {
    fn no_proxy_on(self, here: bool) -> Self;
}

impl NoProxyOn for reqwest::blocking::ClientBuilder {
    fn no_proxy_on(self, here: bool) -> Self {
        if here { self.no_proxy() } else { self }
    }
}

impl Transport for HttpClient {
    fn send(&mut self, request: HttpRequest) -> std::result::Result<HttpReply, Cut> {
        let cut = |e: &dyn std::fmt::Display| Cut(e.to_string());
        let url = self.url(&request);
        let mut out = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
            Method::Put => self.client.put(url),
        };
        for (name, value) in request.headers {
            out = out.header(name, value);
        }
        if request.method != Method::Get {
            out = out.body(Body::from(request.body));
        }
        let reply = out.send().map_err(|e| cut(&e))?;
        let status = reply.status().as_u16();
        let headers = reply
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let cap = u64::try_from(request.cap).unwrap_or(u64::MAX);
        let mut body = Vec::new();
        reply.take(cap.saturating_add(1)).read_to_end(&mut body).map_err(|e| cut(&e))?;
        if body.len() > request.cap {
            return Err(Cut("the answer is larger than allowed".into()));
        }
        Ok(HttpReply { status, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;
    use crate::sync::round::post;

    /// What `cargo bench-sync` counts (`tests/bench/src/client.rs`).
    #[test]
    fn a_request_carries_no_header_that_nobody_reads() {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", door.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut line, _) = door.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\nframe") {
                let mut byte = [0];
                line.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            String::from_utf8(head).unwrap()
        });
        let mut request = post("/v1/sync", b"frame".to_vec(), 9);
        request.headers.push(("authorization", "Bearer t".into()));
        let reply = HttpClient::new(&server, None).unwrap().send(request).unwrap();
        assert_eq!((reply.status, reply.body), (200, b"ok".to_vec()));
        let head = answering.join().unwrap().to_lowercase();
        let mut names: Vec<&str> = head.lines().skip(1).filter_map(|line| Some(line.split_once(": ")?.0)).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "authorization", "content-length", "host"], "{head}");
    }
}
