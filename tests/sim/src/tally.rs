//! What went wrong in a run, counted only where it really did.

use std::collections::BTreeMap;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $name),* }
        impl Fault {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// Its name in the table.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$name => $text),* } }
        }
    };
}

faults! {
    /// A tablet's process is killed.
    TabletKilled = "tablet killed",
    /// A tablet's power goes.
    TabletPowerCut = "tablet loses power",
    /// A tablet's power goes at a numbered call of its disk.
    TabletCrashesAtCall = "tablet loses power at a disk call",
    /// The server's process is killed.
    ServerKilled = "server killed",
    /// The server's power goes.
    ServerPowerCut = "server loses power",
    /// The server's power goes at a numbered call of its disk.
    ServerCrashesAtCall = "server loses power at a disk call",
    /// A write of a tablet is refused.
    TabletWriteFails = "tablet: write refused",
    /// A sync of a tablet is refused.
    TabletSyncFails = "tablet: sync refused",
    /// A read of a tablet is refused.
    TabletReadFails = "tablet: read refused",
    /// A tablet's disk is full.
    TabletDiskFull = "tablet: disk full",
    /// A write of the server is refused.
    ServerWriteFails = "server: write refused",
    /// A sync of the server is refused.
    ServerSyncFails = "server: sync refused",
    /// A read of the server is refused.
    ServerReadFails = "server: read refused",
    /// The server's disk is full.
    ServerDiskFull = "server: disk full",
    /// The server's power goes at a numbered call of its journal's disk.
    JournalCrashes = "journal: power lost at a disk call",
    /// A write of the journal is refused.
    JournalWriteFails = "journal: write refused",
    /// A sync of the journal is refused.
    JournalSyncFails = "journal: sync refused",
    /// A read of the journal is refused.
    JournalReadFails = "journal: read refused",
    /// Sectors that were not synced kept their old bytes.
    SectorsDropped = "unsynced sectors dropped",
    /// Sectors that were not synced are mixed.
    SectorsTorn = "unsynced sectors torn",
    /// Names that were not synced are lost.
    NamesLost = "unsynced names lost",
    /// A message was cut on its way up.
    CutUp = "cut on the way up",
    /// A message was cut on its way down.
    CutDown = "cut on the way down",
    /// A message arrived although its sender had given it up.
    Late = "late, after it was given up",
    /// A message arrived after one that its sender sent later.
    Overtaken = "overtaken by a later one",
    /// A message took long.
    Slow = "slow",
    /// A proxy gave the answer to a request of an earlier life of the app.
    EarlierAnswer = "answer to an earlier life",
    /// A request arrived twice.
    DoubledUp = "request doubled",
    /// An answer arrived twice.
    DoubledDown = "answer doubled",
    /// A message was damaged; TLS lets nothing of it through from there on.
    Corrupted = "corrupted",
    /// Bytes of a photo were changed inside what TLS protects.
    PhotoDamaged = "photo damaged on the way",
    /// Something between answered in the server's place.
    Stranger = "answered by something between",
    /// The server was away when a request came.
    ServerAway = "server away",
    /// A tablet's clock was set, up to ten years off.
    TabletClockJumps = "tablet's clock jumps",
    /// The server's clock was set, up to minutes off.
    ServerClockJumps = "server's clock jumps",
    /// A tablet's disk runs in another machine too.
    TabletCloned = "tablet cloned",
    /// A tablet was set back to an older copy of its disk.
    TabletRestored = "tablet restored from a copy",
    /// The server was set back to an older copy of its disk.
    ServerRestored = "server restored from a backup",
    /// A tablet's database is that of an earlier version, and is brought up to date with everything that waits in it.
    TabletUpgraded = "tablet upgraded in mid-flight",
    /// The server's likewise.
    ServerUpgraded = "server upgraded in mid-flight",
    /// A bit of a tablet's database changed by itself.
    TabletRots = "tablet: bits rot",
    /// A request was erased by law.
    RequestErased = "request erased",
    /// A tablet was revoked, and replaced by another.
    TabletRevoked = "tablet revoked and replaced",
    /// A muhtar's mandate ended, and a successor came.
    MandateEnded = "mandate handed over",
}

impl Fault {
    /// Those that are planned; the others follow from them, or lie in the line.
    pub const PLANNED: [Self; 24] = [
        Self::TabletKilled,
        Self::TabletPowerCut,
        Self::TabletCrashesAtCall,
        Self::ServerKilled,
        Self::ServerPowerCut,
        Self::ServerCrashesAtCall,
        Self::TabletWriteFails,
        Self::TabletSyncFails,
        Self::TabletReadFails,
        Self::TabletDiskFull,
        Self::ServerWriteFails,
        Self::ServerSyncFails,
        Self::ServerReadFails,
        Self::ServerDiskFull,
        Self::TabletClockJumps,
        Self::ServerClockJumps,
        Self::TabletCloned,
        Self::TabletRestored,
        Self::ServerRestored,
        Self::TabletUpgraded,
        Self::ServerUpgraded,
        Self::RequestErased,
        Self::TabletRevoked,
        Self::MandateEnded,
    ];
}

/// How often each thing happened in a run.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// States that were reached, by axis and name.
    pub states: BTreeMap<String, u64>,
}

impl Tally {
    /// It happened once more.
    pub fn count(&mut self, fault: Fault) {
        self.add(fault, 1);
    }

    /// It happened so often.
    pub fn add(&mut self, fault: Fault, n: u64) {
        if n > 0 {
            *self.faults.entry(fault).or_default() += n;
        }
    }

    /// A state was reached.
    pub fn reached(&mut self, axis: &str, state: &str) {
        *self.states.entry(format!("{axis}: {state}")).or_default() += 1;
    }

    /// All faults of the run.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.faults.values().sum()
    }
}
