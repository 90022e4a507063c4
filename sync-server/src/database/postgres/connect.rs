//! From an address to a connection: hosts in turn, TLS where the line leaves the machine, settings that make
//! COMMIT mean durable.

use std::net::{TcpStream, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{Conn, LIMIT, SETTINGS};
use super::line::{Line, Lost, Socket};
use crate::database::{DbError, DbResult};

/// How long connecting to one host may take.
const CONNECT: Duration = Duration::from_secs(5);
/// PostgreSQL's own port.
const PORT: u16 = 5432;

/// Where the database is, and how to get there.
#[derive(Debug, Clone)]
pub(super) struct Target {
    config: Config,
    /// A certificate authority of one's own.
    authority: Option<String>,
}

fn mistake(what: impl std::fmt::Display) -> DbError {
    DbError::Other(format!("the database's address has a mistake: {what}"))
}

impl Target {
    /// Reads an address. `sslrootcert=FILE` is taken here, because the client library does not know it.
    pub(super) fn parse(url: &str) -> DbResult<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut authority, mut rest) = (None, Vec::new());
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            match pair.strip_prefix("sslrootcert=") {
                Some(file) => authority = Some(file.replace("%2F", "/").replace("%2f", "/")),
                // The certificate is always verified, where there is one.
                None if pair == "sslmode=verify-full" => rest.push("sslmode=require"),
                None => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        // The parser's own words may quote the address, which holds a password.
        let mut config: Config = plain
            .parse()
            .map_err(|_| mistake("it looks like postgres://user:password@host:5432/name?sslmode=require"))?;
        if config.get_hosts().is_empty() {
            return Err(mistake("there is no host"));
        }
        if config.get_dbname().is_none() {
            return Err(mistake("there is no database name behind the host"));
        }
        if config.get_application_name().is_none() {
            config.application_name("mbs-server");
        }
        Ok(Self { config, authority })
    }

    /// A connection to the first host that answers and may be written to.
    pub(super) fn connect(&self, instance: u64) -> DbResult<Conn> {
        let ports = self.config.get_ports();
        let mut last = None;
        for (i, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(i).or(ports.first()).copied().unwrap_or(PORT);
            match self.connect_to(host, port, instance) {
                Ok(conn) => return Ok(conn),
                Err(e) => last = Some(e),
            }
        }
        Err(last.unwrap_or_else(|| DbError::Unavailable("there is no host".into())))
    }

    fn connect_to(&self, host: &Host, port: u16, instance: u64) -> DbResult<Conn> {
        let (name, socket, local) = match host {
            Host::Tcp(name) => {
                let (socket, local) = tcp(name, port)?;
                (name.clone(), socket, local)
            }
            #[cfg(unix)]
            Host::Unix(folder) => {
                let path = folder.join(format!(".s.PGSQL.{port}"));
                let socket = std::os::unix::net::UnixStream::connect(&path)
                    .map_err(|e| unreachable(&path.display().to_string(), &e))?;
                (String::new(), Socket::Unix(socket), true)
            }
        };
        let mut config = self.config.clone();
        if config.get_ssl_mode() == SslMode::Prefer {
            // Nothing was said: in clear on this machine, never over a network.
            config.ssl_mode(if local { SslMode::Disable } else { SslMode::Require });
        }
        let tls = self.tls(config.get_ssl_mode() != SslMode::Disable)?;
        let (client, line) = Line::open(socket, &config, tls, &name, CONNECT).map_err(|lost| match &lost {
            Lost::Socket(e) => unreachable(&name, e),
            Lost::Postgres(e) => super::values::db_error(e),
        })?;
        let mut conn = Conn::new(client, line, instance);
        conn.run(SETTINGS)?;
        conn.assert_durable()?;
        Ok(conn)
    }

    fn tls(&self, wanted: bool) -> DbResult<MakeRustlsConnect> {
        let mut roots = rustls::RootCertStore::empty();
        if wanted {
            match &self.authority {
                Some(file) => {
                    let bad = |e: &dyn std::fmt::Display| mistake(format!("sslrootcert={file}: {e}"));
                    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| bad(&e))? {
                        roots.add(certificate.map_err(|e| bad(&e))?).map_err(|e| bad(&e))?;
                    }
                }
                None => {
                    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| DbError::Other(format!("starting TLS: {e}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

fn unreachable(place: &str, e: &dyn std::fmt::Display) -> DbError {
    DbError::Unavailable(format!("PostgreSQL at {place} cannot be reached: {e}"))
}

/// A TCP connection, and whether it stays on this machine.
fn tcp(name: &str, port: u16) -> DbResult<(Socket, bool)> {
    let place = format!("{name}:{port}");
    let addresses = (name, port).to_socket_addrs().map_err(|e| unreachable(&place, &e))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                prepare(&stream).map_err(|e| unreachable(&place, &e))?;
                return Ok((Socket::Tcp(stream), address.ip().is_loopback()));
            }
            Err(e) => last = Some(e),
        }
    }
    Err(match last {
        Some(e) => unreachable(&place, &e),
        None => unreachable(&place, &"the name has no address"),
    })
}

/// Small messages go out at once; a peer that vanished without a word is noticed within a minute.
fn prepare(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    #[cfg(target_os = "linux")]
    {
        rustix::net::sockopt::set_tcp_keepidle(stream, Duration::from_secs(20))?;
        rustix::net::sockopt::set_tcp_keepintvl(stream, Duration::from_secs(10))?;
        rustix::net::sockopt::set_tcp_keepcnt(stream, 4)?;
    }
    Ok(())
}

impl Conn {
    /// COMMIT must mean durable, and the server must be the one that takes writes.
    fn assert_durable(&mut self) -> DbResult<()> {
        const ASK: &str =
            "select current_setting('synchronous_commit') || case when pg_is_in_recovery() then ' standby' else '' end";
        let client = self.client();
        let asked = self.wait(pin!(client.query_one(ASK, &[])), LIMIT)?;
        let said: String = asked.and_then(|row| row.try_get(0)).map_err(|e| super::values::db_error(&e))?;
        match said.as_str() {
            "on" | "remote_apply" => Ok(()),
            "off" | "local" | "remote_write" => self.run("set synchronous_commit = on"),
            _ => Err(DbError::Unavailable("this PostgreSQL is a standby: it takes no writes".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_host_or_name_is_told_and_never_quoted() {
        for url in [
            "postgres://",
            "postgres://u:secret@/db",
            "postgres://u:secret@db.example",
            "postgres://u:secret@h:port/db",
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains("mistake") && !error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn a_certificate_authority_is_taken_from_the_address() {
        let target = Target::parse("postgres://u@h/db?sslrootcert=%2Fetc%2Fca.pem&sslmode=verify-full").unwrap();
        assert_eq!(target.authority.as_deref(), Some("/etc/ca.pem"));
        assert_eq!(target.config.get_ssl_mode(), SslMode::Require);
    }
}
