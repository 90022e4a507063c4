//! One journey in the real window: practise, write a request with a photo, send it, pull the battery,
//! open again.
//!
//! WebKitGTK's own driver steers the app that a muhtar runs, under a display of its own. Pictures of what
//! was seen are left in `target/tmp/window`.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops here"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{Capabilities, WebDriver};

const APP: &str = env!("CARGO_BIN_EXE_mbs-app");
/// How long anything may take before it counts as never coming; two busy cores are slow.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Polls until `look` finds something; time is bounded, luck is not asked.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(LOOK_AGAIN);
    }
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

/// What every program under test sees: no display, home or settings but the test's own.
fn at_home(command: &mut Command, display: &Display, home: &Path) {
    command
        .env("DISPLAY", &display.name)
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
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("MBS_TABLET_DATA");
}

/// A started program and all it started, ended together.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Self {
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

/// The app in its window, steered.
struct Window {
    driver: WebDriver,
    _group: Group,
}

impl Drop for Window {
    fn drop(&mut self) {
        // The whole group ends now: a goodbye would only be waited for.
        let _ = self.driver.clone().leak();
    }
}

impl Window {
    async fn open(display: &Display, home: &Path, data: &Path) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("WebKitWebDriver");
        command.args(["--host=127.0.0.1", &format!("--port={port}")]).env("TAURI_WEBVIEW_AUTOMATION", "true");
        at_home(&mut command, display, home);
        let group = Group::start(&mut command);
        until("WebKitWebDriver listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        let mut wanted = Capabilities::new();
        wanted.set("webkitgtk:browserOptions", json!({ "binary": APP, "args": ["--data", data] })).unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("the window opens");
        let window = Self { driver, _group: group };
        window.value(HEAR_REFUSALS).await;
        window
    }

    async fn find(&self, by: By) -> WebElement {
        self.driver
            .query(by.clone())
            .wait(PATIENCE, LOOK_AGAIN)
            .and_displayed()
            .first()
            .await
            .unwrap_or_else(|e| panic!("{by:?}: {e}"))
    }

    /// Presses what carries exactly these words.
    async fn press(&self, words: &str) {
        self.find(By::XPath(format!("//button[normalize-space()={words:?}]")))
            .await
            .click()
            .await
            .unwrap_or_else(|e| panic!("{words}: {e}"));
    }

    /// Waits until this JavaScript expression is true.
    async fn becomes(&self, expression: &str) {
        let begun = Instant::now();
        while self.value(expression).await != json!(true) {
            assert!(
                begun.elapsed() < PATIENCE,
                "never true: {expression}\n{}",
                self.value("document.body.innerText").await
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.driver.execute(script, Vec::new()).await.unwrap_or_else(|e| panic!("{expression}: {e}")).json().clone()
    }

    /// A picture of what is on the screen once everything on it is drawn.
    async fn picture(&self, name: &str) {
        self.driver.execute_async(DRAWN, Vec::new()).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window");
        fs::create_dir_all(&dir).unwrap();
        self.driver.screenshot(&dir.join(name)).await.unwrap();
    }

    /// Ends app, WebKit and driver at once, as an empty battery does, and waits until the folder is free.
    fn battery_pulled(self, data: &Path) {
        drop(self);
        until("the folder is free again", || {
            OpenOptions::new().write(true).open(data.join("window.lock")).unwrap().try_lock().ok()
        });
    }
}

/// Keeps what the content policy refuses.
const HEAR_REFUSALS: &str = "(self.refused = [], addEventListener('securitypolicyviolation', \
     e => self.refused.push(`${e.effectiveDirective} ${e.blockedURI}`)), true)";

/// Answers when pictures are decoded and two frames have passed.
const DRAWN: &str = "const done = arguments[0]; \
     Promise.allSettled([...document.images].filter(i => i.complete).map(i => i.decode())) \
     .then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The words on the screen, from where the screen has them.
struct Words(Value);

impl Words {
    fn read() -> Self {
        Self(serde_json::from_reader(File::open(repository().join("ui/messages/tr.json")).unwrap()).unwrap())
    }

    fn of(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("no message {key}"))
    }
}

const CATEGORY: &str = "Kaldırım bozuk / kırık taş";
const STORY: &str = "Rasimpaşa'da kaldırım taşları oynuyor, ışıklar da yanmıyor.";

#[tokio::test]
async fn what_was_sent_stands_in_the_list_after_the_battery_was_pulled() {
    mbs_tablet::sync::client::install_provider();
    let (words, display) = (Words::read(), Display::start());
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("tablet");

    let window = Window::open(&display, home.path(), &data).await;
    window.press(words.of("practice_start")).await;
    window.find(By::Css(".start-map path")).await;
    window.picture("1-start.png").await;
    window.press(words.of("start_yes")).await;

    window.find(By::Css("button.nav-new")).await.click().await.unwrap();
    window.find(By::Css("textarea")).await.send_keys(STORY).await.unwrap();
    let photo = repository().join("tests/fixtures/photos/generated/g-ist-01.jpg");
    let chooser =
        window.driver.query(By::Css("input[type=file][multiple]")).wait(PATIENCE, LOOK_AGAIN).first().await.unwrap();
    chooser.send_keys(photo.to_str().unwrap()).await.unwrap();
    window
        .becomes("[...document.querySelectorAll('.photo-open img')].some(i => i.complete && i.naturalWidth > 0)")
        .await;
    choose_category(&window, &words).await;
    window.picture("2-draft.png").await;

    window.press(words.of("send")).await;
    window.becomes("location.hash.endsWith('/sent')").await;
    window.find(By::XPath(format!("//dd[normalize-space()={CATEGORY:?}]"))).await;
    window.picture("3-sent.png").await;
    window.find(By::Css("a[href='#/']")).await.click().await.unwrap();
    stands_in_the_list(&window, &words).await;
    window.picture("4-list.png").await;
    // Looks, scripts, map, photo: nothing on the whole way needed what the content policy forbids.
    assert_eq!(window.value("self.refused").await, json!([]));
    let button = window.value("getComputedStyle(document.querySelector('.nav-new')).backgroundColor").await;
    assert_eq!(button, json!("rgb(11, 85, 102)"));
    window.battery_pulled(&data);

    let window = Window::open(&display, home.path(), &data).await;
    stands_in_the_list(&window, &words).await;
    window.picture("5-reopened.png").await;
    window.battery_pulled(&data);
}

async fn choose_category(window: &Window, words: &Words) {
    let (choose, other) = (words.of("category_choose"), words.of("category_other"));
    let button = By::XPath(format!("//fieldset//button[normalize-space()={choose:?} or normalize-space()={other:?}]"));
    window.find(button).await.click().await.unwrap();
    window.find(By::Css("dialog input[type=search]")).await.send_keys("kaldırım").await.unwrap();
    let hit = By::XPath(format!("//dialog//button[contains(., {CATEGORY:?})]"));
    window.find(hit).await.click().await.unwrap();
    window.find(By::Css("fieldset input[name=category]:checked")).await;
}

async fn stands_in_the_list(window: &Window, words: &Words) {
    let row = window.find(By::XPath("//a[contains(@class, 'req')][contains(., 'kaldırım taşları')]")).await;
    let states = row.find(By::Css(".states")).await.unwrap().text().await.unwrap();
    assert_eq!(states, words.of("transport_queued"));
    window.becomes("document.querySelectorAll('a.req').length === 1").await;
    window
        .becomes("(i => i !== null && i.complete && i.naturalWidth > 0)(document.querySelector('img.req-cover'))")
        .await;
}

#[tokio::test]
async fn what_was_written_is_behind_the_pin_after_a_new_start() {
    mbs_tablet::sync::client::install_provider();
    let (words, display) = (Words::read(), Display::start());
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("tablet");

    let window = Window::open(&display, home.path(), &data).await;
    window.press(words.of("practice_start")).await;
    window.press(words.of("start_yes")).await;
    window.find(By::Css("button.nav-new")).await.click().await.unwrap();
    window.find(By::Css("textarea")).await.send_keys(STORY).await.unwrap();
    window.find(By::Css("a.top-back")).await.click().await.unwrap();
    window.find(By::Css("a[href='#/tablet']")).await.click().await.unwrap();
    let set = words.of("pin_set");
    let button = By::XPath(format!("//section[@aria-labelledby='h-lock']//button[normalize-space()={set:?}]"));
    window.find(button).await.click().await.unwrap();
    for step in ["pin_new", "pin_again"] {
        let label = words.of(step);
        window.find(By::XPath(format!("//dialog//label[normalize-space()={label:?}]"))).await;
        window.find(By::Css("dialog .pin-digits")).await.send_keys("2580").await.unwrap();
        window.press(words.of("pin_next")).await;
    }
    window.find(By::XPath(format!("//p[normalize-space()={:?}]", words.of("lock_on")))).await;
    window.battery_pulled(&data);

    let window = Window::open(&display, home.path(), &data).await;
    window.find(By::Css(".lock .pin-keys")).await;
    window.becomes("!document.body.textContent.includes('kaldırım')").await;
    window.picture("7-locked.png").await;
    for wrong in ["0000", "2580"] {
        window.find(By::Css(".pin-digits")).await.send_keys(wrong).await.unwrap();
        window.press(words.of("pin_open")).await;
        if wrong == "0000" {
            window.find(By::XPath(format!("//p[normalize-space()={:?}]", words.of("trouble_wrong_pin")))).await;
        }
    }
    window.becomes("document.querySelector('.lock') === null").await;
    window.press(&format!("{} 1", words.of("filter_draft"))).await;
    window.find(By::XPath("//a[contains(@class, 'req')][contains(., 'kaldırım taşları')]")).await;
    window.battery_pulled(&data);
}

#[tokio::test]
async fn a_second_window_on_the_same_folder_says_so() {
    mbs_tablet::sync::client::install_provider();
    let display = Display::start();
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("tablet");
    let app = || {
        let mut command = Command::new(APP);
        command.arg("--data").arg(&data).stderr(Stdio::piped());
        at_home(&mut command, &display, home.path());
        command
    };
    let _first = Group::start(&mut app());
    let lock = data.join("window.lock");
    until("the first window holds the folder", || File::open(&lock).ok()?.try_lock().is_err().then_some(()));

    // To whoever started it from a terminal …
    let mut second = Group::start(&mut app());
    let (told, hears) = mpsc::channel();
    let lines = BufReader::new(second.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    thread::spawn(move || lines.for_each(|line| drop(told.send(line))));
    until("a plain sentence on standard error", || hears.try_iter().find(|line| line.contains("already open")));
    drop(second);

    // … and to whoever pressed its icon.
    let third = Window::open(&display, home.path(), &data).await;
    third.find(By::XPath("//p[contains(., 'MBS zaten açık')]")).await;
    third.picture("6-second.png").await;
}

#[test]
fn the_command_line_needs_no_display() {
    let run = |args: &[&str]| {
        Command::new(APP).args(args).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().unwrap()
    };
    assert!(String::from_utf8_lossy(&run(&["--help"]).stdout).contains("--data DIR"));
    let wrong = run(&["--dta"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("mbs-app --help"));
}
