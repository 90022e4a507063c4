//! `cargo tablet -- --data DIR COMMAND`: the tablet's core without a window, for scripts, stories and support.

use std::process::ExitCode;

fn main() -> ExitCode {
    mbs_tests::tablet_cli::main()
}
