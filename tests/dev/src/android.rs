//! `cargo check-android`: an optional lane that type-checks the tablet's Rust for Android, without an SDK.
//!
//! Debian's compiler for browsers brings the sources of the standard library, so that it can be checked for a target
//! nobody has made ready. What is written in C (SQLite, its cipher, zstd) would need Android's headers: this machine's
//! compiler makes it for this machine instead, since nothing is linked.
//!
//! Our own Kotlin is compiled too, by Debian's old compiler against what `tests/dev/kotlin` says of Android, WorkManager and
//! Tauri: that finds a slip of the pen, and a name that is not what we think it is only where we do not think so twice.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::needs::{self, For};
use crate::run;

/// 64-bit ARM, as all tablets of the last years.
const TARGET: &str = "aarch64-linux-android";

pub(crate) fn check() -> Result<(), String> {
    needs::system(For::Android)?;
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo.args(["check", "--locked", "-Zbuild-std=std,panic_abort", "--package", "mbs-shell", "--lib"]);
    cargo.args(["--target", TARGET, "--target-dir"]).arg(run::target().join("android")).current_dir(run::root());
    // Its own compiler, not that of a toolchain manager; and the flag above is not for everybody.
    cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
    for (tool, ours) in [("CC", "cc"), ("CXX", "cc"), ("AR", "ar")] {
        cargo.env(format!("{tool}_aarch64_linux_android"), ours);
    }
    cargo.env("OPENSSL_NO_VENDOR", "1");
    for (what, path) in [("DIR", "/usr"), ("INCLUDE_DIR", "/usr/include"), ("LIB_DIR", needs::ARCH)] {
        cargo.env(format!("AARCH64_LINUX_ANDROID_OPENSSL_{what}"), path);
    }
    run::must("type-checking for Android", &mut cargo)?;
    let mut kotlin = Command::new("/usr/bin/kotlinc");
    for folder in ["tests/dev/kotlin", "app/shell/gen/android/app/src/main/java/tr/istanbul/mbs"] {
        kotlin.args(files(&run::root().join(folder))?);
    }
    run::must("compiling the Kotlin", kotlin.arg("-nowarn").arg("-d").arg(run::target().join("android/kotlin")))
}

/// The Kotlin files of a folder, in their order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let all = folder.read_dir().map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut kotlin: Vec<PathBuf> = all.filter_map(|file| Some(file.ok()?.path())).collect();
    kotlin.retain(|path| path.extension().is_some_and(|ending| ending == "kt"));
    kotlin.sort();
    Ok(kotlin)
}
