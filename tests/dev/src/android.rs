//! `cargo check-android`: an optional lane that type-checks the tablet's Rust for Android, without an SDK.
//!
//! Debian's compiler for browsers brings the sources of the standard library, so that it can be checked for a target
//! nobody has made ready. What is written in C (SQLite, its cipher, zstd) would need Android's headers: this machine's
//! compiler makes it for this machine instead, since nothing is linked.

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
    run::must("type-checking for Android", &mut cargo)
}
