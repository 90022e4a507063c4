//! The Android project is generated once and then kept by hand; this holds it to what the tablet needs.
//! Nothing here replaces a run on a device.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops here"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("gen/android")
}

fn read(path: &str) -> String {
    let path = project().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The manifest without comments, so that nothing commented out counts.
fn manifest() -> String {
    let mut text = read("app/src/main/AndroidManifest.xml");
    while let Some(begin) = text.find("<!--") {
        let end = text[begin..].find("-->").map(|at| begin + at + 3).expect("a comment has an end");
        text.replace_range(begin..end, "");
    }
    text
}

/// The attributes of each element of that name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let open = format!("<{name}");
    xml.match_indices(&open)
        .filter(|(at, _)| xml[at + open.len()..].starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/'))
        .map(|(at, _)| {
            xml[at..].split_once('>').expect("an element has an end").0.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn asks_for_these_permissions_and_no_others() {
    let (refused, asked): (Vec<_>, Vec<_>) = elements(&manifest(), "uses-permission")
        .into_iter()
        .partition(|permission| permission.contains("tools:node=\"remove\""));
    assert!(matches!(&refused[..], [one] if one.contains("FOREGROUND_SERVICE")), "{refused:?}");
    let mut asked: Vec<_> = asked
        .iter()
        .map(|e| {
            e.split_once("android.permission.")
                .expect("a permission")
                .1
                .split('"')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    asked.sort();
    assert_eq!(
        asked,
        [
            "ACCESS_COARSE_LOCATION",
            "ACCESS_FINE_LOCATION",
            "ACCESS_NETWORK_STATE",
            "CAMERA",
            "INTERNET",
            "MODIFY_AUDIO_SETTINGS",
            "POST_NOTIFICATIONS",
            "RECORD_AUDIO"
        ]
    );
}

#[test]
fn tablets_without_camera_or_gps_are_welcome() {
    let features = elements(&manifest(), "uses-feature");
    for feature in ["android.hardware.camera", "android.hardware.microphone", "android.hardware.location.gps"] {
        let found = features
            .iter()
            .find(|f| f.contains(&format!("\"{feature}\"")))
            .unwrap_or_else(|| panic!("{feature} is not declared"));
        assert!(found.contains("android:required=\"false\""), "{found}");
    }
}

#[test]
fn sees_the_camera_app() {
    let manifest = manifest();
    let queries =
        manifest.split_once("<queries>").expect("<queries>").1.split_once("</queries>").expect("</queries>").0;
    assert!(
        elements(queries, "action").iter().any(|a| a.contains("\"android.media.action.IMAGE_CAPTURE\"")),
        "{queries}"
    );
}

#[test]
fn personal_data_stays_on_the_tablet() {
    let application = elements(&manifest(), "application").remove(0);
    for says in [
        "android:allowBackup=\"false\"",
        "android:fullBackupContent=\"false\"",
        "android:dataExtractionRules=\"@xml/data_extraction_rules\"",
        "android:usesCleartextTraffic=\"false\"",
    ] {
        assert!(application.contains(says), "{says} is missing in {application}");
    }
    let rules = read("app/src/main/res/xml/data_extraction_rules.xml");
    for part in ["cloud-backup", "device-transfer"] {
        let part =
            rules.split_once(&format!("<{part}>")).expect(part).1.split_once(&format!("</{part}>")).expect(part).0;
        assert!(part.contains("<exclude domain=\"root\" />") && !part.contains("<include"), "{part}");
    }
    // Neither build type brings cleartext back, and the camera's originals are all that can be handed out.
    assert!(!read("app/build.gradle.kts").contains("leartext"));
    assert_eq!(elements(&read("app/src/main/res/xml/file_paths.xml"), "external-files-path").len(), 1);
    assert!(!read("app/src/main/res/xml/file_paths.xml").contains("path=\".\""));
    let exported: Vec<_> = ["activity", "provider", "service", "receiver"]
        .iter()
        .flat_map(|name| elements(&manifest(), name))
        .filter(|e| e.contains("android:exported=\"true\""))
        .collect();
    assert_eq!(exported.len(), 1, "only the activity is open to others: {exported:?}");
}

#[test]
fn leaves_no_picture_of_itself_among_the_recent_apps() {
    let activity = read("app/src/main/java/tr/istanbul/mbs/MainActivity.kt");
    // From Android 13 on, and by the stronger flag before.
    for way in ["SDK_INT >= Build.VERSION_CODES.TIRAMISU", "setRecentsScreenshotEnabled(false)", "FLAG_SECURE"] {
        assert!(activity.contains(way), "{way}");
    }
    let begun = activity.split_once("override fun onCreate").unwrap().1;
    assert!(begun.split_once("private fun").unwrap().0.contains("keepOutOfRecents()"), "it is called as the app opens");
}

#[test]
fn takes_photos_from_other_apps_for_the_core_to_find() {
    let manifest = manifest();
    let filters: Vec<&str> = manifest.split("<intent-filter>").skip(1).collect();
    let filter =
        filters.iter().find(|f| f.contains("\"android.intent.action.SEND\"")).expect("a filter for shared photos");
    let filter = filter.split_once("</intent-filter>").expect("an end").0;
    assert!(
        elements(filter, "action").iter().any(|a| a.contains("\"android.intent.action.SEND_MULTIPLE\"")),
        "{filter}"
    );
    assert!(elements(filter, "category").iter().any(|c| c.contains("\"android.intent.category.DEFAULT\"")), "{filter}");
    let kinds = elements(filter, "data");
    assert!(
        kinds.len() == 1 && kinds[0].contains("android:mimeType=\"image/*\""),
        "photos and nothing else: {kinds:?}"
    );
    let activity = read("app/src/main/java/tr/istanbul/mbs/MainActivity.kt");
    // Where, how many and how large: as the core has them, or what is handed over is never found.
    let most = mbs_shared::blob::MAX_PER_REQUEST;
    let largest = mbs_tablet::capture::photo::MAX_ORIGINAL / (1024 * 1024);
    for says in [
        format!("const val SHARED = \"{}\"", mbs_tablet::door::shared::FOLDER),
        format!("const val TAKEN = \"{}\"", mbs_tablet::door::shared::TAKEN),
        format!("const val MOST = {most}\n"),
        format!("const val LARGEST = {largest} * 1024 * 1024\n"),
        "File(dataDir, SHARED)".to_owned(),
    ] {
        assert!(activity.contains(&says), "{says}");
    }
    // Opened by it, and while it is open.
    let of =
        |name: &str| activity.split_once(&format!("override fun {name}")).expect(name).1.split_once("\n  }").unwrap().0;
    assert!(of("onCreate").contains("if (savedInstanceState == null) keepShared(intent) else keepTaken()"));
    assert!(of("onNewIntent").contains("keepShared(intent)"));
    assert!(activity.contains("part.setLastModified(photo.lastModified())"), "the core asks when it was taken");
    // Another app must not have us read our own files for it.
    assert!(activity.contains("it.scheme == ContentResolver.SCHEME_CONTENT"));
    assert!(activity.contains("it.authority?.startsWith(packageName) != true"));
}

/// A file of ours in Kotlin.
fn kotlin(name: &str) -> String {
    read(&format!("app/src/main/java/tr/istanbul/mbs/{name}.kt"))
}

fn rust(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)).unwrap()
}

#[test]
fn sends_and_fetches_while_it_is_closed_without_a_foreground_service() {
    let worker = kotlin("SyncWorker");
    for says in [
        "PeriodicWorkRequest.Builder(SyncWorker::class.java, 15, TimeUnit.MINUTES).setConstraints(network)",
        "setRequiredNetworkType(NetworkType.CONNECTED)",
        // Begun once, whatever opens the app how often.
        "enqueueUniquePeriodicWork(NAME, ExistingPeriodicWorkPolicy.KEEP, work)",
        "network.isActiveNetworkMetered",
    ] {
        assert!(worker.contains(says), "{says}");
    }
    let activity = kotlin("MainActivity");
    let begun = activity.split_once("override fun onCreate").unwrap().1.split_once("\n  }").unwrap().0;
    assert!(begun.contains("SyncWorker.plan(applicationContext)"), "{begun}");
    assert!(begun.contains("synchronized(Core) { super.onCreate(savedInstanceState) }"), "{begun}");
    assert!(read("app/build.gradle.kts").contains("implementation(\"androidx.work:work-runtime:"));
    assert_eq!(elements(&manifest(), "service"), Vec::<String>::new());
}

#[test]
fn kotlin_and_rust_mean_the_same_functions() {
    let (core, android) = (kotlin("Core"), rust("android.rs"));
    assert!(core.contains("System.loadLibrary(\"mbs_shell\")"));
    for name in ["begin", "round"] {
        assert!(core.contains(&format!("private external fun {name}(")), "{name}");
        assert!(android.contains(&format!("extern \"system\" fn Java_tr_istanbul_mbs_Core_{name}(")), "{name}");
    }
    for (kotlin, rust) in
        [("const val TELL = 1\n", "const TELL: jint = 1;"), ("const val AGAIN = 2\n", "const AGAIN: jint = 2;")]
    {
        assert!(core.contains(kotlin) && android.contains(rust), "{kotlin}");
    }
    assert!(core.contains("synchronized(this) { begin("), "the key store's context is lent while no window begins");
    let rules = read("app/proguard-rules.pro");
    assert!(rules.contains("class tr.istanbul.mbs.Core {\n  native <methods>;"), "else the names are shortened");
    let (platform, ours) = (kotlin("Platform"), rust("platform.rs"));
    for name in ["dial", "askToTell"] {
        assert!(platform.contains(&format!("  @Command\n  fun {name}(invoke: Invoke)")), "{name}");
        assert!(ours.contains(&format!("ask(app, \"{name}\", ")), "{name}");
    }
    assert!(
        platform.contains("Intent.ACTION_DIAL") && !platform.contains("ACTION_CALL"),
        "a person presses the button"
    );
}

#[test]
fn tells_that_something_came_in_and_never_what() {
    let notices = kotlin("Notices");
    for says in [
        "NotificationChannel(CHANNEL, name,",
        "R.string.notices_came",
        "POST_NOTIFICATIONS",
        "PendingIntent.FLAG_IMMUTABLE",
    ] {
        assert!(notices.contains(says), "{says}");
    }
    assert!(!notices.contains("fun show(context: Context, "), "it is given nothing to say");
    for folder in ["values", "values-en"] {
        let words = read(&format!("app/src/main/res/{folder}/strings.xml"));
        for name in ["notices_name", "notices_came"] {
            assert!(words.contains(&format!("<string name=\"{name}\">")), "{folder}: {name}");
        }
    }
}

#[test]
fn is_the_same_app_everywhere() {
    let config = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tauri.conf.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let identifier = config["identifier"].as_str().unwrap();
    let gradle = read("app/build.gradle.kts");
    assert!(gradle.contains(&format!("applicationId = \"{identifier}\"")));
    assert!(gradle.contains(&format!("minSdk = {}", config["bundle"]["android"]["minSdkVersion"])));
    assert!(project().join(format!("app/src/main/java/{}/MainActivity.kt", identifier.replace('.', "/"))).exists());
    // The mark is drawn once: the launcher's is the same path as the icon's.
    let path = |xml: &str, key: &str| xml.split_once(key).expect(key).1.split('"').next().unwrap().to_owned();
    let icon = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("icons/icon.svg")).unwrap();
    let mark = read("app/src/main/res/drawable/ic_launcher_mark.xml");
    assert_eq!(path(&icon, " d=\""), path(&mark, "android:pathData=\""));
}
