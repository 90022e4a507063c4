//! A client that counts every byte: HTTP/1.1 over one connection, frames prepared beforehand.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One answer.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

/// One connection of one tablet, with its byte counts.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes sent, headers included.
    pub(crate) up: u64,
    /// Bytes received, headers included.
    pub(crate) down: u64,
}

impl Line {
    /// Connects.
    pub(crate) async fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).await.context("connecting")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), up: 0, down: 0 })
    }

    /// Sends a whole prepared request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.up += request.len() as u64;
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default()).to_lowercase();
        let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).context("no status line")?;
        let length: usize = match head.lines().find_map(|l| l.strip_prefix("content-length:")) {
            Some(n) => n.trim().parse().context("content-length")?,
            None if status == 204 => 0,
            None => bail!("an answer without content-length: {head}"),
        };
        while self.buffer.len() < head_end + length {
            self.fill().await?;
        }
        let mut answer: Vec<u8> = self.buffer.drain(..head_end + length).collect();
        let body = answer.split_off(head_end);
        Ok(Answer { status, body })
    }

    async fn fill(&mut self) -> Result<()> {
        let n = self.stream.read_buf(&mut self.buffer).await?;
        if n == 0 {
            bail!("the server closed the connection");
        }
        self.down += n as u64;
        Ok(())
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

/// A whole HTTP request as bytes, with the headers a tablet sends.
pub(crate) fn request(method: &str, path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "{method} {path} HTTP/1.1\r\nhost: mbs.example\r\nauthorization: Bearer {token}\r\naccept: */*\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}
