//! The bare loop as a side of the benchmark.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::bare;
use crate::client::{Line, request};
use crate::floor::{self, Floor};
use crate::phases::{Running, Script, Side, start};
use crate::workload::{CHANGED, City, FRESH, FRESH_REQUESTS, HELD, as_json, photos};

/// The bare axum and rusqlite loop.
pub(crate) struct Bare;

fn token(t: usize) -> String {
    // As long as a real one; what it says does not matter to the bare loop.
    format!("{t:043}")
}

fn held(t: usize, requests: usize) -> usize {
    if t < FRESH { FRESH_REQUESTS - requests } else { HELD }
}

impl Side for Bare {
    async fn prepare(&self, dir: &Path, tablets: usize, requests: usize) -> Result<Vec<Script>> {
        let city = City::new(tablets)?;
        let tokens: Vec<String> = (0..tablets).map(token).collect();
        let mut failed = None;
        bare::prepare(
            dir,
            &tokens,
            |t, r| match city.request(t, r, &[]) {
                Ok(request) => as_json(&format!("{t:016x}{r:016x}"), &request),
                Err(e) => {
                    failed.get_or_insert(e);
                    String::new()
                }
            },
            |t| held(t, requests),
        )?;
        if let Some(e) = failed {
            return Err(e);
        }
        let mut scripts = Vec::new();
        let mut last = 0;
        for t in 0..tablets {
            last += held(t, requests);
            let sent = photos(t);
            let refs: Vec<_> = sent.iter().map(|(r, _)| *r).collect();
            let mut rows = Vec::new();
            for n in 0..requests {
                let photos = if n == 0 { refs.as_slice() } else { &[] };
                rows.push(as_json(&format!("{t:016x}{:016x}", 1000 + n), &city.request(t, 1000 + n, photos)?));
            }
            let body = format!("[{}]", rows.join(","));
            scripts.push(Script {
                morning: vec![
                    request("POST", "/push", &token(t), body.as_bytes()),
                    request("GET", &format!("/pull?after={}&until={last}", last - CHANGED), &token(t), &[]),
                ],
                token: token(t),
                poll: request("GET", "/pull?after=1000000000", &token(t), &[]),
                photos: sent.iter().map(|(r, b)| request("PUT", &format!("/blob/{}", r.hash), &token(t), b)).collect(),
            });
        }
        Ok(scripts)
    }

    fn start(&self, dir: &Path) -> Result<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--bare").arg(dir);
        start(command)
    }

    fn floor(&self, dir: &Path) -> Result<Option<Floor>> {
        floor::bare(dir).map(Some)
    }

    fn good(&self, status: u16, body: &[u8], step: usize, _requests: usize) -> Result<()> {
        ensure!(status == 200, "status {status}");
        if step == 1 {
            let rows: Vec<serde_json::Value> = serde_json::from_slice(body)?;
            ensure!(rows.len() == CHANGED, "{} rows instead of {CHANGED}", rows.len());
        }
        Ok(())
    }

    async fn fresh(&self, line: &mut Line, script: &Script) -> Result<usize> {
        let answer = line.ask(&request("GET", "/pull?after=0", &script.token, &[])).await?;
        Ok(serde_json::from_slice::<Vec<serde_json::Value>>(&answer.body)?.len())
    }
}
