//! `cargo demo`: a server with Istanbul's directory, people at the desk, a few real requests from a
//! neighbouring muhtarlık (or the years that `cargo play --data DIR` left there), and a tablet to file the next one with. Everything stays in one folder, so that
//! the second start goes on where the first ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Told, because};
use crate::people::{CAFERAGA, RASIMPASA, fixture_bytes, root, words_about};
use crate::process::{Serving, program};
use crate::server::{Server, User};
use crate::staff::Staff;
use crate::tablet::{Device, Door, New};
use crate::world::ROADS_ANATOLIA;

/// Where the desk is; the later ones when something else is there.
const DESK: [u16; 3] = [8480, 8490, 8500];
const TABLET: u16 = 8481;
/// Password of everyone in the demo.
pub const PASSWORD: &str = "iskele-martı-34";
/// Who can sign in at its desk.
pub const PEOPLE: [User<'static>; 4] = [
    User { login: "muhtarliklar", name: "Muhtarlıklar Müdürlüğü", role: "triage", unit: "", password: PASSWORD },
    User { login: "yolbakim", name: "Yol Bakım Anadolu", role: "unit", unit: ROADS_ANATOLIA, password: PASSWORD },
    User {
        login: "yolbakim-onay",
        name: "Yol Bakım Anadolu, onay",
        role: "approver",
        unit: ROADS_ANATOLIA,
        password: PASSWORD,
    },
    User { login: "isletmen", name: "Sistem İşletmeni", role: "operator", unit: "", password: PASSWORD },
];

/// Runs it until Ctrl-C.
///
/// # Errors
/// A sentence with what did not work and what to do.
pub fn run() -> Told<()> {
    super::tell_panics_plainly();
    let begun = Instant::now();
    let dir = folder()?;
    fs::create_dir_all(&dir).map_err(because(&format!("{} cannot be used", dir.display())))?;
    let mut server = Server::on(&dir.join("server"));
    if DESK.into_iter().all(|port| server.listen(&format!("127.0.0.1:{port}")).is_err()) {
        server.listen("127.0.0.1:0")?;
    }
    let key = seed(&server, &dir)?;
    // A tablet belongs to the address it was enrolled at.
    let port = server.addr().port();
    let tablet = dir.join(if port == DESK[0] { "tablet".to_owned() } else { format!("tablet-{port}") });
    enrol(&server, &tablet)?;
    let screens = Screens::open(&tablet)?;
    tell(&server, &screens, &key, &dir, begun.elapsed());
    wait_for_the_end(&screens)?;
    println!("\nStopping.");
    drop(screens);
    server.stop();
    Ok(())
}

/// The folder of the demo: `--data DIR`, else `.demo-data` in the repository.
fn folder() -> Told<PathBuf> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, ..) => Ok(root().join(".demo-data")),
        (Some("--data"), Some(dir), None) => Ok(PathBuf::from(dir)),
        _ => Err("usage: cargo demo [--story] [--data DIR]".to_owned()),
    }
}

/// People, a key and, where there are none, some requests, at the first start in `dir`; gives the key.
///
/// # Errors
/// A sentence with what did not work.
pub fn seed(server: &Server, dir: &Path) -> Told<String> {
    let file = dir.join("api-key.txt");
    if let Ok(key) = fs::read_to_string(&file) {
        return Ok(key.trim().to_owned());
    }
    // A first start that was cut short left people and requests, a city that was played has both: they are kept, and
    // those who can sign in here are added.
    let known: serde_json::Value =
        serde_json::from_str(&server.run(&["user", "list", "--json"])).map_err(because("The list of people"))?;
    let known: Vec<&str> = known.as_array().into_iter().flatten().filter_map(|one| one["login"].as_str()).collect();
    PEOPLE.iter().filter(|person| !known.contains(&person.login)).for_each(|person| server.add_user(*person));
    if server.number("select count(*) from request") == 0 {
        requests(server, &dir.join("neighbour"))?;
    }
    let key = server.add_key(ROADS_ANATOLIA);
    fs::write(&file, format!("{key}\n")).map_err(because("The API key cannot be kept"))?;
    Ok(key)
}

/// A handful of real requests of Caferağa, filed on a headless tablet and handled at the desk as far as
/// shows each kind of state.
fn requests(server: &Server, tablet: &Path) -> Told<()> {
    let device = enrolled(server, tablet, CAFERAGA);
    let filed = [
        ("yol.cukur", 0, &["generated/g-ist-02.jpg"][..]),
        ("yol.kaldirim-bozuk", 1, &["generated/g-ist-04.jpg", "generated/g-ist-05.jpg"]),
        ("yol.asfalt-talebi", 4, &[]),
        ("trafik.levha", 0, &["generated/g-ist-06.jpg"]),
        ("yesil.park-bakim", 2, &["generated/g-ist-03.jpg"]),
        ("aydinlatma.sokak-lambasi", 3, &[]),
        ("yol.kaldirim-bozuk", 5, &[]),
    ];
    let place = mbs_shared::istanbul::directory()
        .neighbourhood(CAFERAGA.neighbourhood)
        .ok_or("Caferağa is not in the directory.")?;
    let mut ids = Vec::new();
    for (i, (category, nth, photos)) in (0_u8..).zip(filed) {
        let mut new = New::of(words_about(category, nth)).with_photos(photos.iter().map(|p| fixture_bytes(p)));
        let aside = f64::from(i) * 0.0004;
        new.fix = Some(mbs_shared::place::Fix {
            lat: place.lat + aside,
            lon: place.lon - aside,
            accuracy: 12.0,
            source: mbs_shared::place::FixSource::Gps,
        });
        if i == 6 {
            // Without a category nothing routes by itself: this one waits for triage.
            new.category = None;
        }
        ids.push(device.file(&new).map_err(because("A request of the demo"))?.row.id);
    }
    device.settle();
    let desk = Staff::sign_in(&server.url(), "yolbakim-onay", PASSWORD).map_err(because("Sign-in at the desk"))?;
    let steps = [
        (0, "accept", json!({})),
        (0, "answer", json!({ "outcome": "done", "note": "Çukur sıcak asfaltla kapatıldı." })),
        (1, "accept", json!({})),
        (2, "accept", json!({})),
        (2, "ask", json!({ "note": "Talep hangi kapı numaraları arası içindir?" })),
    ];
    for (n, action, more) in steps {
        let id = ids.get(n).copied().ok_or("A request of the demo is missing.")?;
        desk.act(id, action, more).map_err(because(&format!("The demo's step {action}")))?;
    }
    device.settle();
    Ok(())
}

fn enrol(server: &Server, tablet: &Path) -> Told<()> {
    drop(enrolled(server, tablet, RASIMPASA));
    Ok(())
}

/// The tablet in that folder, enrolled now if it was not.
fn enrolled(server: &Server, tablet: &Path, who: crate::people::Muhtarlik) -> Device {
    let device = Device::open(tablet);
    if device.status().identity.is_none() {
        device.enrol(&server.url(), &server.enrol_code(who));
    }
    device
}

/// The tablet's screens: a window, or a page for a browser.
enum Screens {
    Window(std::cell::RefCell<Child>),
    Page(Serving),
}

impl Screens {
    fn open(tablet: &Path) -> Told<Self> {
        let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()));
        if display && let Some(window) = Self::window(tablet) {
            return Ok(window);
        }
        let serve = |port: u16| {
            let mut command = Command::new(program("mbs-tablet"));
            command.arg("--data").arg(tablet).args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--ui"]);
            Serving::try_start(command.arg(root().join("ui/dist/tablet")))
        };
        serve(TABLET).or_else(|_| serve(0)).map(Self::Page)
    }

    /// The window, when it is built and stays open.
    fn window(tablet: &Path) -> Option<Self> {
        let me = std::env::current_exe().ok()?;
        let app = me.with_file_name("mbs-app");
        let mut child = Command::new(app).arg("--data").arg(tablet).spawn().ok()?;
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            if child.try_wait().ok()?.is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(Self::Window(std::cell::RefCell::new(child)))
    }
}

impl Drop for Screens {
    fn drop(&mut self) {
        match self {
            Self::Window(child) => {
                let _ = child.borrow_mut().kill();
                let _ = child.borrow_mut().wait();
            }
            Self::Page(serving) => drop(serving.stop()),
        }
    }
}

fn tell(server: &Server, screens: &Screens, key: &str, dir: &Path, took: Duration) {
    let desk = server.url();
    let tablet = match screens {
        Screens::Window(_) => "the window that has just opened".to_owned(),
        Screens::Page(page) => format!("http://{}/", page.addr),
    };
    println!("\nMBS is running ({:.1} s); everything is kept in {}.\n", took.as_secs_f64(), dir.display());
    println!("  tablet    {tablet}");
    println!("            Rasimpaşa, Kadıköy – the muhtar's own tablet");
    println!("  desk      {desk}/desk/");
    for person in PEOPLE {
        println!("            {:<14} {PASSWORD}   {} ({})", person.login, person.name, person.role);
    }
    println!("  programs  curl -H 'Authorization: Bearer {key}' '{desk}/api/v1/updates?after='");
    println!("\nOne minute:");
    println!("  1. Tablet: + Yeni başvuru. Write \"Rıhtımda derin çukur\", put a pin on the map, add a photo, Gönder.");
    println!("     It is saved and numbered at once; the number does not need a network.");
    println!("  2. Desk, as yolbakim: it is in the inbox, routed by its category. Kabul, then Cevap yaz.");
    println!("  3. Tablet: the answer stands on the request. Evet, tamam closes it.");
    println!("  4. Desk, as muhtarliklar: the request without a category waits in triage; route it.");
    println!("  5. The curl line above pulls every step, each exactly once by its cursor.");
    println!("\nCtrl-C stops everything.");
}

fn wait_for_the_end(screens: &Screens) -> Told<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(because("No runtime"))?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate()).map_err(because("Signals cannot be heard"))?;
        let mut told = false;
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(()),
                _ = terminated.recv() => return Ok(()),
                () = tokio::time::sleep(Duration::from_millis(500)) => {
                    if let Screens::Window(child) = screens && !told && child.borrow_mut().try_wait().is_ok_and(|s| s.is_some()) {
                        told = true;
                        println!("The window was closed; the desk goes on. Ctrl-C stops everything, `cargo demo` opens the window again.");
                    }
                }
            }
        }
    })
}
