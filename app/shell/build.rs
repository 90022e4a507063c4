//! Checks that the screens are built, then lets Tauri read its configuration.

use std::path::Path;

fn main() {
    let screens = Path::new("../../ui/dist/tablet");
    println!("cargo::rerun-if-changed={}", screens.display());
    if !screens.join("index.html").exists() {
        println!(
            "cargo::error=The tablet's screens are not built yet. Run `npm --prefix ui install && npm --prefix ui run build` in the repository \
             and try again (`cargo demo` and `cargo verify` do it by themselves)."
        );
        return;
    }
    // Naming the commands makes Tauri refuse each one that no capability allows.
    let commands = tauri_build::AppManifest::new().commands(&["call", "tell", "ask_to_tell"]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo::error={error:#}");
    }
}
