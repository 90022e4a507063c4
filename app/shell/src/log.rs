//! What is logged, and what never is: no words, names, places, numbers or addresses of anybody, only which
//! call failed with which code.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Environment variable with the filter.
const FILTER: &str = "MBS_LOG";

/// Starts logging to standard error. A second start in one process changes nothing.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("warn,mbs_shell=info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
