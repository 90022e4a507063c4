//! `cargo demo`: server, desk and a tablet on this machine, with the city's own directory.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mbs_tests::demo::city::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
