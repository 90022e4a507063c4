//! An OpenID provider: npm's `oidc-provider`, run by node. It can be made to say what it should not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What it calls the server.
pub const CLIENT: &str = "mbs";
/// What the server proves that with.
pub const SECRET: &str = "only-for-tests-only-for-tests-only";

/// A running provider; gone when dropped, or when this process is.
#[derive(Debug)]
pub struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    /// A new one, which sends people back to that address.
    ///
    /// # Panics
    /// When it cannot be started: it needs node and the packages of `ui`.
    #[must_use]
    pub fn start(back: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider.mjs");
        // Its standard input ends with this process, and it with that.
        let spawned = Command::new("node")
            .arg(script)
            .arg(back)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = spawned.unwrap_or_else(|e| panic!("no identity provider: node cannot be run: {e}"));
        let mut issuer = String::new();
        if let Some(out) = child.stdout.take() {
            let _ = BufReader::new(out).read_line(&mut issuer);
        }
        let issuer = issuer.trim().to_owned();
        assert!(!issuer.is_empty(), "no identity provider: `npm install` in ui brings what it needs");
        Self { child, issuer }
    }

    /// Its address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Makes it another than it should be, until the next call: see `provider.mjs`; `{}` puts it right.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn trouble(&self, json: &str) {
        let host = self.issuer.trim_start_matches("http://");
        let ask = || -> std::io::Result<String> {
            let mut line = TcpStream::connect(host)?;
            let length = json.len();
            write!(
                line,
                "POST /trouble HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            )?;
            line.write_all(json.as_bytes())?;
            let mut answer = String::new();
            line.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().unwrap_or_else(|e| panic!("the identity provider does not answer: {e}"));
        assert!(answer.contains("so be it"), "{answer}");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
