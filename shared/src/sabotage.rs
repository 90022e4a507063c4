//! Planted bugs: the proof that the simulation can fail.
//!
//! Where the product does something that everything rests on, it asks [`sabotaged`]. Without the feature
//! that is a constant `false`, and the feature does not compile into a release.

#[cfg(all(feature = "sabotage", not(debug_assertions)))]
compile_error!("planted bugs must never get into a release: build without the feature `sabotage`");

/// Every bug that can be planted.
pub const SABOTAGES: [&str; 15] = [
    "ack-before-commit",
    "actor-reused",
    "counter-not-persisted",
    "cursor-before-page",
    "duplicate-stored-twice",
    "event-order-swapped",
    "feed-with-gaps",
    "journal-not-certain",
    "mac-ignored",
    "outbox-row-dropped-on-cut",
    "photo-hash-not-proven",
    "program-told-twice",
    "rename-before-fsync",
    "session-not-checked",
    "wal-not-full",
];

#[cfg(feature = "sabotage")]
static PLANTED: std::sync::OnceLock<&'static str> = std::sync::OnceLock::new();

/// Plants a bug for the rest of this process; `false` when there is none of that name, or they are not compiled in.
#[must_use]
pub fn plant(name: &str) -> bool {
    #[cfg(feature = "sabotage")]
    if let Some(known) = SABOTAGES.iter().find(|s| **s == name) {
        return PLANTED.set(known).is_ok();
    }
    let _ = name;
    false
}

/// Whether that bug is planted.
#[cfg(feature = "sabotage")]
#[must_use]
pub fn sabotaged(name: &str) -> bool {
    debug_assert!(SABOTAGES.contains(&name), "{name}");
    PLANTED.get().is_some_and(|planted| *planted == name)
}

/// Whether that bug is planted: never, in this build.
#[cfg(not(feature = "sabotage"))]
#[must_use]
pub const fn sabotaged(_: &str) -> bool {
    false
}
