//! A PostgreSQL cluster in a temporary folder, reached by a socket there: no port, no password, nobody else.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Names the socket of a cluster that listens on no port.
const PORT: u16 = 5432;

/// How much the cluster cares for power cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// As in real life: every COMMIT is written through.
    Durable,
    /// Nothing waits for the disk: for tests in which no process is killed.
    Hasty,
}

/// A cluster; it ends with the process that started it.
#[derive(Debug)]
pub struct Cluster {
    dir: PathBuf,
    programs: PathBuf,
    /// Where it listens with TLS, if it does.
    port: Option<u16>,
    keeper: Mutex<Keeper>,
    databases: AtomicU32,
}

/// The shell that keeps it; see `keeper.sh`.
#[derive(Debug)]
struct Keeper {
    _process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// A new cluster of the newest version on this machine, running.
    ///
    /// # Panics
    /// When there is no PostgreSQL, or it does not start.
    #[must_use]
    pub fn start(care: Care) -> Self {
        Self::begin(care, None)
    }

    /// A cluster that also listens on a port of `localhost` and speaks TLS there, by a certificate of its own.
    ///
    /// # Panics
    /// As [`Self::start`]; also without `openssl`.
    #[must_use]
    pub fn encrypted() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self::begin(Care::Hasty, Some(free.unwrap_or_else(|e| panic!("no free port: {e}")).port()))
    }

    fn begin(care: Care, port: Option<u16>) -> Self {
        let programs = programs().unwrap_or_else(|| {
            panic!(
                "PostgreSQL is not there: `apt-get install --no-install-recommends postgresql` (cargo verify does it)"
            )
        });
        let dir = tempfile::Builder::new().prefix("mbs-pg-").tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
        let mut settings = match care {
            Care::Durable => "-c max_connections=200",
            Care::Hasty => "-c max_connections=1000 -c fsync=off -c full_page_writes=off",
        }
        .to_owned();
        if port.is_some() {
            settings += &format!(
                " -c listen_addresses=localhost -c ssl=on -c ssl_cert_file={0}/cert.pem -c ssl_key_file={0}/key.pem",
                dir.path().display()
            );
        }
        let mut command = unprivileged(dir.path());
        command.args(["sh", "-c", include_str!("keeper.sh"), "keeper"]).arg(dir.path()).arg(&programs).arg(&settings);
        command.env("PGPORT", port.unwrap_or(PORT).to_string());
        let mut process = command
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{:?} cannot be started: {e}", command.get_program()));
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            panic!("the keeper has no pipes");
        };
        // From here on the keeper removes it.
        let dir = dir.keep();
        let keeper = Keeper { _process: process, orders, answers: BufReader::new(answers) };
        let cluster = Self { dir, programs, port, keeper: Mutex::new(keeper), databases: AtomicU32::new(0) };
        cluster.order("init");
        if port.is_some() {
            cluster.order("certify");
        }
        cluster.order("start");
        cluster
    }

    /// The cluster all tests of this process share; nothing waits for the disk there.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Care::Hasty))
    }

    fn order(&self, word: &str) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = String::new();
        let spoken = writeln!(keeper.orders, "{word}").and_then(|()| keeper.answers.read_line(&mut answer));
        assert!(
            spoken.is_ok() && answer.trim() == "done",
            "PostgreSQL: {word} failed ({answer:?}):\n{}",
            fs::read_to_string(self.dir.join("log")).unwrap_or_default()
        );
    }

    /// Address of a new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn database(&self) -> String {
        let name = format!("mbs{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = Command::new(self.programs.join("createdb"))
            .args(["-U", "mbs", "-T", "template0", "-h"])
            .arg(&self.dir)
            .arg(&name)
            .env("PGPORT", self.port.unwrap_or(PORT).to_string())
            .output()
            .unwrap_or_else(|e| panic!("createdb: {e}"));
        assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        match self.port {
            Some(port) => format!("postgres://mbs@localhost:{port}/{name}"),
            None => format!("postgres://mbs@{}/{name}", self.dir.display().to_string().replace('/', "%2F")),
        }
    }

    /// The certificate of an encrypted cluster, for `localhost`; it is its own authority.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("cert.pem")
    }

    /// Ends the whole cluster at this very instruction (SIGKILL to all its processes).
    pub fn kill(&self) {
        self.order("kill");
    }

    /// Stops it in good order: sessions are told goodbye.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts it again on the same folder, and waits until it has recovered.
    pub fn start_again(&self) {
        self.order("start");
    }

    /// Process id of the cluster's first process; the others are its children.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.dir.join("data/postmaster.pid")).unwrap_or_default();
        text.lines().next().and_then(|l| l.parse().ok()).unwrap_or_else(|| panic!("PostgreSQL does not run"))
    }
}

/// Folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir(VERSIONS).into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let newest = debian
        .filter(|bin| bin.join("postgres").is_file())
        .max_by_key(|bin| bin.parent().and_then(Path::file_name).and_then(|n| n.to_str()?.parse::<u32>().ok()));
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|dir| dir.join("postgres").is_file() && dir.join("initdb").is_file())
    };
    newest.or_else(on_path)
}

/// PostgreSQL refuses to run as root: then a command that runs the next one as its own user (or as nobody), to
/// whom `dir` is given.
fn unprivileged(dir: &Path) -> Command {
    let id = |args: &[&str]| -> Option<u32> {
        let out = Command::new("id").args(args).output().ok().filter(|out| out.status.success())?;
        String::from_utf8(out.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return Command::new("env");
    }
    let user = if id(&["-u", "postgres"]).is_some() { "postgres" } else { "nobody" };
    let (Some(uid), Some(gid)) = (id(&["-u", user]), id(&["-g", user])) else { panic!("there is no user {user}") };
    std::os::unix::fs::chown(dir, Some(uid), Some(gid)).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
    command
}
