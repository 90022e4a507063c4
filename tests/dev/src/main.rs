//! The developer's door: `cargo demo`, `cargo verify`, `cargo shots`, `cargo kills`, `cargo fuzz-all`, `cargo bench-sync`,
//! `cargo bench-tablet`.
//!
//! Installs what is missing, says what it is doing, and runs the real work as child processes.

mod android;
mod demo;
mod fuzz;
mod needs;
mod run;
mod ui;
mod verify;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo demo [--story] [--data DIR]   the main job: server, desk and a tablet on this machine
       cargo verify [--long] [SUITE…]      lints and every test
       cargo shots DIR                     pictures of every screen into DIR
       cargo kills [--rounds N]            as many kills of tablet, servers and PostgreSQL, 1,000 when nothing is said
       cargo fuzz-all [--seconds N] [TARGET…]   every decoder of foreign bytes, fuzzed for N seconds each, 60 when nothing is said
       cargo package-deb                   the Debian package of the tablet's app
       cargo check-android                 the tablet's Rust type-checked for Android, its Kotlin compiled; nothing is run
       cargo bench-sync [--engine postgres] [--json]   the sync benchmark
       cargo bench-tablet [--json]         a tablet with 5,000 requests, 15,000 previews and 300 photos";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let done = match command.as_str() {
        "demo" => demo::run(&rest),
        "verify" => verify::run(&rest),
        "shots" => verify::shots(&rest),
        "kills" => verify::kills(&rest),
        "fuzz-all" => fuzz::run(&rest),
        "package" => verify::package(&rest),
        "check-android" => android::check(),
        "bench-tablet" => verify::bench_tablet(&rest),
        "bench-sync" => verify::bench_sync(&rest),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
