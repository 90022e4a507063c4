//! Running other programs, with progress a person can follow.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    // `tests/dev` lies two levels below it, wherever the clone is.
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(|p| p.parent()).map(PathBuf::from).unwrap_or(here)
}

/// Where builds go.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// One line of progress.
pub(crate) fn say(what: &str) {
    eprintln!("» {what}");
}

/// `cargo` with the repository as its folder.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}

/// `npm` in the folder of the screens.
pub(crate) fn npm(args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).current_dir(root().join("ui")).stdin(Stdio::null());
    command
}

/// Runs it with its output shown; the sentence names the step when it fails.
pub(crate) fn must(step: &str, command: &mut Command) -> Result<(), String> {
    say(step);
    let begun = Instant::now();
    let status = command.status().map_err(|e| format!("{step}: {:?} cannot be started: {e}", command.get_program()))?;
    if status.success() {
        say(&format!("{step}: done in {:.0} s", begun.elapsed().as_secs_f64()));
        Ok(())
    } else {
        Err(format!("{step} failed ({status}); the reason stands above."))
    }
}
