//! A display of the test's own, the app in its window, and WebKitGTK's own driver that steers it.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{Capabilities, WebDriver};
use tokio::runtime::{Builder, Runtime};

pub(crate) const APP: &str = env!("CARGO_BIN_EXE_mbs-app");
/// How long anything may take before it counts as never coming; two busy cores are slow.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Polls until `look` finds something; time is bounded, luck is not asked.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(LOOK_AGAIN);
    }
}

/// How the page's calls travel to the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// As they do on Linux: over a scheme of Tauri's own.
    Scheme,
    /// As they do on Android, whose web view hands on no bodies: as JSON in messages.
    Messages,
}

/// A virtual display that goes away with this value.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts (Debian package xvfb)");
        // It says its number when it is ready, and the pipe closes when it cannot start.
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb found no display");
        Self { server, name: format!(":{}", number.trim()) }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A started program and all it started, ended together.
pub(crate) struct Group(pub(crate) Child);

impl Group {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.process_group(0).spawn().unwrap_or_else(|e| panic!("{:?}: {e}", command.get_program())))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// A session bus that starts nothing by itself, or the first program would start one that outlives the test.
const BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;

/// A tablet's home: a display, a session bus, a folder for everything, and what programs in it see beside that.
pub(crate) struct Home {
    display: Display,
    dir: tempfile::TempDir,
    wire: Wire,
    bus: String,
    _bus: Group,
}

impl Home {
    pub(crate) fn new(wire: Wire) -> Self {
        mbs_tablet::sync::client::install_provider();
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("bus.conf");
        fs::write(&config, BUS).unwrap();
        let mut daemon = Command::new("dbus-daemon");
        daemon.arg("--config-file").arg(config).args(["--nofork", "--print-address=1"]);
        let mut daemon = Group::start(daemon.stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut address = String::new();
        BufReader::new(daemon.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let bus = address.trim().to_owned();
        assert!(!bus.is_empty(), "the session bus starts (Debian package dbus)");
        Self { display: Display::start(), dir, wire, bus, _bus: daemon }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The tablet's own folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("tablet")
    }

    /// What every program under test sees: no display, home or settings but the test's own.
    pub(crate) fn inside(&self, command: &mut Command) {
        let home = self.path();
        command
            .env("DISPLAY", &self.display.name)
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_RUNTIME_DIR", home)
            .env("GSETTINGS_BACKEND", "memory")
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_THEME", "Adwaita")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("MBS_TABLET_DATA");
    }

    /// What programs ask the desktop to show from now on.
    pub(crate) fn notifications(&self) -> Heard {
        let mut monitor = Command::new("dbus-monitor");
        monitor.args(["--session", "interface='org.freedesktop.Notifications'"]).stdout(Stdio::piped());
        self.inside(&mut monitor);
        let mut monitor = Group::start(monitor.stderr(Stdio::null()));
        let said: Arc<Mutex<String>> = Arc::default();
        let (lines, into) = (BufReader::new(monitor.0.stdout.take().unwrap()).lines(), Arc::clone(&said));
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| into.lock().unwrap().push_str(&line)));
        let heard = Heard { said, _monitor: monitor };
        // It says its own name when it hears.
        until("the monitor hears", || heard.contains("NameAcquired").then_some(()));
        heard
    }

    /// Opens the app on the tablet's folder.
    pub(crate) fn window(&self) -> Window {
        self.window_of(Path::new(APP))
    }

    /// Opens that program on the tablet's folder.
    pub(crate) fn window_of(&self, app: &Path) -> Window {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("WebKitWebDriver");
        command.args(["--host=127.0.0.1", &format!("--port={port}")]).env("TAURI_WEBVIEW_AUTOMATION", "true");
        self.inside(&mut command);
        let group = Group::start(&mut command);
        until("WebKitWebDriver listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        let mut wanted = Capabilities::new();
        wanted.set("webkitgtk:browserOptions", json!({ "binary": app, "args": ["--data", self.data()] })).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted);
        let driver = runtime.block_on(driver).expect("the window opens");
        let window = Window { driver, runtime, data: self.data(), _group: group };
        window.value(HEAR_REFUSALS);
        if self.wire == Wire::Messages {
            window.value(ONLY_MESSAGES);
        }
        window
    }
}

/// What the session bus carried.
pub(crate) struct Heard {
    said: Arc<Mutex<String>>,
    _monitor: Group,
}

impl Heard {
    pub(crate) fn contains(&self, words: &str) -> bool {
        self.said.lock().unwrap().contains(words)
    }
}

/// The app in its window, steered.
pub(crate) struct Window {
    driver: WebDriver,
    runtime: Runtime,
    data: PathBuf,
    _group: Group,
}

impl Drop for Window {
    fn drop(&mut self) {
        // The whole group ends now: a goodbye would only be waited for.
        let _ = self.driver.clone().leak();
    }
}

impl Window {
    fn run<T>(&self, what: &str, work: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(work).unwrap_or_else(|e| panic!("{what}: {e}"))
    }

    fn find(&self, by: By) -> WebElement {
        let what = format!("{by:?}");
        self.run(&what, self.driver.query(by).wait(PATIENCE, LOOK_AGAIN).and_displayed().first())
    }

    /// Waits until it is on the screen.
    pub(crate) fn sees(&self, css: &str) {
        self.becomes(&format!("(document.querySelector({css:?})?.getClientRects().length ?? 0) > 0"));
    }

    /// Waits until these words stand there, alone or among others.
    pub(crate) fn reads(&self, words: &str) {
        self.becomes(&format!("document.body.innerText.includes({words:?})"));
    }

    pub(crate) fn tap(&self, css: &str) {
        self.click(css, &self.find(By::Css(css)));
    }

    /// Presses what carries exactly these words.
    pub(crate) fn press(&self, words: &str) {
        self.click(words, &self.find(By::XPath(format!("(//button|//a|//label)[normalize-space()={words:?}]"))));
    }

    fn click(&self, what: &str, found: &WebElement) {
        // The driver does not move what looks in by its edge alone, and clicks beside it.
        let place = vec![found.to_json().unwrap()];
        self.run(what, self.driver.execute("arguments[0].scrollIntoView({ block: 'center' });", place));
        self.run(what, found.click());
    }

    /// Types into a field.
    pub(crate) fn types(&self, css: &str, text: &str) {
        let found = self.find(By::Css(css));
        self.run(css, found.send_keys(text));
    }

    /// Chooses files; their field has no size of its own.
    pub(crate) fn chooses(&self, css: &str, file: &Path) {
        let field = self.run(css, self.driver.query(By::Css(css)).wait(PATIENCE, LOOK_AGAIN).first());
        self.run(css, field.send_keys(file.to_str().unwrap()));
    }

    /// Waits until this JavaScript expression is true.
    pub(crate) fn becomes(&self, expression: &str) {
        let begun = Instant::now();
        while self.value(expression) != json!(true) {
            let page = || self.value("document.body.innerText");
            assert!(begun.elapsed() < PATIENCE, "never true: {expression}\n{}", page());
            thread::sleep(LOOK_AGAIN);
        }
    }

    pub(crate) fn value(&self, expression: &str) -> Value {
        self.run(expression, self.driver.execute(format!("return ({expression});"), Vec::new())).json().clone()
    }

    /// A picture of what is on the screen once everything on it is drawn.
    pub(crate) fn picture(&self, name: &str) {
        self.run(name, self.driver.execute_async(DRAWN, Vec::new()));
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window");
        fs::create_dir_all(&dir).unwrap();
        self.run(name, self.driver.screenshot(&dir.join(name)));
    }

    /// Nothing on the way needed what the content policy forbids; and the calls went where they should.
    pub(crate) fn was_clean(&self, wire: Wire) {
        assert_eq!(self.value("self.refused"), json!([]));
        let kept_out = self.value("self.keptOut ?? 0");
        assert_eq!(kept_out != json!(0), wire == Wire::Messages, "{kept_out} calls were kept off the scheme");
    }

    /// To the first page, whichever one it opened again because it was left there.
    pub(crate) fn goes_home(&self) {
        self.becomes("document.querySelector('.top') !== null");
        self.value("(location.hash = '#/', true)");
        self.becomes("document.querySelector('button.nav-new') !== null && document.querySelector('#h-all') !== null");
    }

    /// Ends app, WebKit and driver at once, as an empty battery does, and waits until the folder is free.
    pub(crate) fn battery_pulled(self) {
        let lock = self.data.join("window.lock");
        drop(self);
        until("the folder is free again", || OpenOptions::new().write(true).open(&lock).unwrap().try_lock().ok());
    }
}

/// Keeps what the content policy refuses.
const HEAR_REFUSALS: &str = "(self.refused = [], addEventListener('securitypolicyviolation', \
     e => self.refused.push(`${e.effectiveDirective} ${e.blockedURI}`)), true)";

/// Keeps calls off Tauri's scheme: from the first refusal on it sends all of them as messages, as it does on Android.
const ONLY_MESSAGES: &str = "(self.keptOut = 0, (whole => self.fetch = (to, ...more) => String(to).startsWith('ipc:') \
     ? (self.keptOut++, Promise.reject(new TypeError('no bodies'))) : whole(to, ...more))(self.fetch), true)";

/// Answers when pictures are decoded and two frames have passed.
const DRAWN: &str = "const done = arguments[0]; \
     Promise.allSettled([...document.images].filter(i => i.complete).map(i => i.decode())) \
     .then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub(crate) fn photo(name: &str) -> PathBuf {
    repository().join("tests/fixtures/photos/generated").join(name)
}

/// The words on the screen, from where the screen has them.
pub(crate) struct Words(Value);

impl Words {
    pub(crate) fn read() -> Self {
        Self(serde_json::from_reader(File::open(repository().join("ui/messages/tr.json")).unwrap()).unwrap())
    }

    pub(crate) fn of(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("no message {key}"))
    }
}
