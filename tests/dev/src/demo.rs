//! `cargo demo`: the main job on this machine.

use crate::needs::{self, For};
use crate::{run, ui};

/// Builds what is missing and hands over to the demo itself (`tests/src/bin`).
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    needs::system(For::Building)?;
    ui::build()?;
    let story = args.iter().any(|a| a == "--story");
    let mut packages = vec!["build", "--package", "mbs-server", "--package", "mbs-tests", "--bins"];
    if !story && has_display() {
        packages.extend(["--package", "mbs-shell"]);
    }
    run::must("building (the first time takes some minutes)", &mut run::cargo(&packages))?;
    let program = run::target().join("debug").join(if story { "mbs-story" } else { "mbs-demo" });
    let status = std::process::Command::new(&program)
        .args(args.iter().filter(|a| *a != "--story"))
        .current_dir(run::root())
        .status()
        .map_err(|e| format!("{} cannot be started: {e}", program.display()))?;
    if status.success() { Ok(()) } else { Err("The demo did not end well; the reason stands above.".to_owned()) }
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()))
}
