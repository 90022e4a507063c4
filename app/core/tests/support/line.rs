//! Lines to the scripted server, and what happens on them.

use std::sync::{Arc, Mutex};

use mbs_shared::wire::error::Code;
use mbs_tablet::error::Result;
use mbs_tablet::ports::{Connect, Cut, HttpReply, HttpRequest, Transport};

use super::server::{Server, cbor, envelope};

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It passes.
    Pass,
    /// It never arrives.
    Lost,
    /// It arrives, its answer does not.
    AnswerLost,
    /// Of its body so many bytes arrive, then the line is cut.
    Partly(usize),
    /// It arrives twice; the second answer comes.
    Twice,
    /// Nothing comes any more, and nobody says so.
    Silent,
    /// Another answer comes instead.
    Instead(u16, Vec<(&'static str, &'static str)>, Option<Code>),
}

/// A line to that server.
#[derive(Clone)]
pub struct Line(pub Arc<Mutex<Server>>);

impl Transport for Line {
    fn send(&mut self, request: HttpRequest) -> std::result::Result<HttpReply, Cut> {
        let mut server = self.0.lock().unwrap();
        assert!(
            request.path == "/v1/enrol"
                || request.headers.iter().any(|(k, v)| *k == "authorization" && v.starts_with("Bearer "))
        );
        if request.path == "/v1/nearby" {
            return Ok(cbor(200, &server.nearby));
        }
        match server.faults.pop_front().unwrap_or(Fault::Pass) {
            Fault::Pass => Ok(server.handle(&request)),
            Fault::Lost => Err(Cut("lost".into())),
            Fault::AnswerLost => {
                server.handle(&request);
                Err(Cut("answer lost".into()))
            }
            Fault::Partly(bytes) => {
                let part = HttpRequest { body: request.body.iter().copied().take(bytes).collect(), ..request };
                server.handle(&part);
                Err(Cut("cut".into()))
            }
            Fault::Twice => {
                server.handle(&request);
                Ok(server.handle(&request))
            }
            Fault::Silent => {
                drop(server);
                loop {
                    std::thread::park();
                }
            }
            Fault::Instead(status, headers, code) => {
                let mut reply =
                    code.map_or(HttpReply { status, headers: Vec::new(), body: Vec::new() }, |c| envelope(status, c));
                reply.headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
                Ok(reply)
            }
        }
    }
}

pub struct Lines(pub Arc<Mutex<Server>>);

impl Connect for Lines {
    fn connect(&self, _: &str) -> Result<Box<dyn Transport>> {
        Ok(Box::new(Line(self.0.clone())))
    }
}
