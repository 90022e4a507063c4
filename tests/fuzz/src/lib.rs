//! Every decoder that meets foreign bytes, on either side, as a function that must not fall over.
//!
//! A target says more than "no crash": what was accepted can be read again, what was made plain stays plain.

mod canaries;
mod documents;
mod files;
mod frames;
mod pictures;
mod texts;

/// A decoder under test.
#[derive(Debug)]
pub struct Target {
    /// Its name, and the folder of its corpus.
    pub name: &'static str,
    /// Looks at bytes; panics when something is wrong.
    pub run: fn(&[u8]),
    /// Bytes of memory it may ask for beyond what it had.
    pub memory: usize,
    /// Longest input that is tried; longer ones are cut.
    pub longest: usize,
}

const MIB: usize = 1024 * 1024;
const KIB: usize = 1024;

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "sync-request", run: frames::sync_request, memory: 8 * MIB, longest: 8 * KIB },
    Target { name: "sync-reply", run: frames::sync_reply, memory: 8 * MIB, longest: 8 * KIB },
    Target { name: "snapshot", run: frames::snapshot, memory: 8 * MIB, longest: 8 * KIB },
    Target { name: "reconcile", run: frames::reconcile, memory: 8 * MIB, longest: 8 * KIB },
    Target { name: "small-frames", run: frames::small, memory: 4 * MIB, longest: 2 * KIB },
    Target { name: "courier", run: frames::courier, memory: 8 * MIB, longest: 8 * KIB },
    Target { name: "first-change", run: documents::first, memory: 32 * MIB, longest: 4 * KIB },
    Target { name: "later-change", run: documents::later, memory: 32 * MIB, longest: 4 * KIB },
    Target { name: "packed", run: documents::packed, memory: 4 * MIB, longest: 8 * KIB },
    Target { name: "photo", run: pictures::photo, memory: 120 * MIB, longest: 16 * KIB },
    Target { name: "exif", run: pictures::exif, memory: 16 * MIB, longest: 16 * KIB },
    Target { name: "jpeg", run: pictures::jpeg, memory: 4 * MIB, longest: 16 * KIB },
    Target { name: "voice", run: pictures::voice, memory: 4 * MIB, longest: 8 * KIB },
    Target { name: "qr", run: pictures::qr, memory: 120 * MIB, longest: 16 * KIB },
    Target { name: "receipt", run: texts::receipt, memory: MIB, longest: KIB },
    Target { name: "codes", run: texts::codes, memory: MIB, longest: 256 },
    Target { name: "settings", run: texts::settings, memory: 4 * MIB, longest: 2 * KIB },
    Target { name: "uploads", run: texts::uploads, memory: MIB, longest: KIB },
    Target { name: "journal", run: files::journal, memory: 4 * MIB, longest: 4 * KIB },
    Target { name: "backup", run: files::backup, memory: 8 * MIB, longest: 16 * KIB },
    Target { name: "imports", run: texts::imports, memory: 16 * MIB, longest: 4 * KIB },
    Target { name: "units", run: texts::units, memory: 16 * MIB, longest: 4 * KIB },
    Target { name: "map", run: texts::map, memory: 128 * MIB, longest: 4 * KIB },
];

/// Those that must be found.
pub const CANARIES: &[Target] = &[
    Target { name: "canary-branches", run: canaries::branches, memory: MIB, longest: 64 },
    Target { name: "canary-memory", run: canaries::memory, memory: MIB, longest: 64 },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().chain(CANARIES).find(|target| target.name == name)
}
