//! `mbs-server`: the sync server and its commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mbs_server::commands::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("mbs-server: {e:#}");
            ExitCode::FAILURE
        }
    }
}
