//! A line that carries requests twice, or in another order, or loses the answers.
//!
//! The proxy of [`crate::network`] works on bytes; this one works on whole requests, and every request
//! that reaches the server is a real one.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::collections::VecDeque;

use mbs_tablet::ports::{Cut, HttpReply, HttpRequest, Transport};

/// What is done to the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prank {
    /// It goes through.
    Pass,
    /// It never arrives.
    LoseRequest,
    /// It arrives, its answer does not.
    LoseAnswer,
    /// It arrives twice; the tablet gets the second answer.
    Twice,
    /// It is held back; the tablet sees a cut line. It arrives after the next one, when no one waits for it.
    HoldBack,
}

/// A line over another one that plays pranks.
pub struct Unruly {
    line: Box<dyn Transport>,
    pranks: VecDeque<Prank>,
    /// Only requests to this path are touched.
    path: String,
    held: Vec<HttpRequest>,
    /// How many of each were played: lost requests, lost answers, doubles, held back.
    pub played: [u32; 4],
    /// Paths of everything the server got, in order.
    pub arrived: Vec<String>,
}

impl Unruly {
    /// Plays `pranks` in turn on requests whose path begins with `path`; then lets everything pass.
    pub fn new(line: Box<dyn Transport>, path: &str, pranks: impl IntoIterator<Item = Prank>) -> Self {
        Self {
            line,
            pranks: pranks.into_iter().collect(),
            path: path.to_owned(),
            held: Vec::new(),
            played: [0; 4],
            arrived: Vec::new(),
        }
    }

    /// How many pranks are still to come, and requests held back.
    #[must_use]
    pub fn left(&self) -> usize {
        self.pranks.len() + self.held.len()
    }

    fn carry(&mut self, request: HttpRequest) -> Result<HttpReply, Cut> {
        self.arrived.push(request.path.clone());
        self.line.send(request)
    }
}

impl Transport for Unruly {
    fn send(&mut self, request: HttpRequest) -> Result<HttpReply, Cut> {
        if !request.path.starts_with(&self.path) {
            return self.carry(request);
        }
        let cut = |what: &str| Err(Cut(what.to_owned()));
        match self.pranks.pop_front().unwrap_or(Prank::Pass) {
            Prank::Pass => {
                let answer = self.carry(request);
                // What was held back arrives now, out of order; nobody waits for its answer.
                for late in std::mem::take(&mut self.held) {
                    let _ = self.carry(late);
                }
                answer
            }
            Prank::LoseRequest => {
                self.played[0] += 1;
                cut("the request was lost")
            }
            Prank::LoseAnswer => {
                self.played[1] += 1;
                let _ = self.carry(request);
                cut("the answer was lost")
            }
            Prank::Twice => {
                self.played[2] += 1;
                let _ = self.carry(request.clone());
                self.carry(request)
            }
            Prank::HoldBack => {
                self.played[3] += 1;
                self.held.push(request);
                cut("the request was held back")
            }
        }
    }
}

impl std::fmt::Debug for Unruly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unruly").field("pranks", &self.pranks).field("played", &self.played).finish_non_exhaustive()
    }
}
