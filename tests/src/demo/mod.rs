//! What `cargo demo` shows: the main job once as a story ([`story`]), and a small city to try things in ([`city`]).

pub mod city;
pub mod story;

/// Why something did not work, as a sentence.
pub type Told<T> = Result<T, String>;

/// A failure with what was being done.
fn because<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> String + '_ {
    move |e| format!("{what}: {e}")
}

/// From here on something unexpected is told as its sentence alone.
fn tell_panics_plainly() {
    std::panic::set_hook(Box::new(|panic| {
        let sentence = panic.payload_as_str().unwrap_or("Something unexpected happened.");
        eprintln!("{sentence}");
    }));
}
