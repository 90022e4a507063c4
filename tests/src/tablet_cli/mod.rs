//! A tablet on the command line. The same core as in the window, the same folder, the same answers.

mod args;
mod capture;
mod export;
mod print;
mod run;

use std::process::ExitCode;

use clap::Parser;

/// Reads the arguments, does what they say, and prints what came of it.
#[must_use]
pub fn main() -> ExitCode {
    let args = args::Args::parse();
    let json = args.json;
    match run::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            trouble.print(json);
            ExitCode::FAILURE
        }
    }
}
