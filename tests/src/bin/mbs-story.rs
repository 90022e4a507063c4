//! `cargo demo --story`: the main job once, through the real processes, each step in a line with its time.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mbs_tests::demo::story::play() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("\nHikâye tamamlanamadı: {sentence}");
            ExitCode::FAILURE
        }
    }
}
