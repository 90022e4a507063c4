//! The tablet's window on a computer. On Android the library is started by the activity instead.

// A second, black window would open behind the app on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    mbs_shell::main()
}
