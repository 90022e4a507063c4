//! A disk that forgets: what was not synced may be dropped, kept or torn when the power goes.
//!
//! Bytes and names are apart, as on a real disk. Bytes of a file become certain by a sync of the file;
//! a name (made, renamed, removed) becomes certain by a sync of its folder. At a power cut each sector
//! of 512 bytes that was not synced keeps its old bytes, its new ones, or a mixture; of each folder's
//! unsynced changes a prefix survives, as on a journalling file system.

mod file;
mod names;

use std::collections::BTreeMap;

use crate::chance::Chance;

use file::File;
use names::{Entry, Names, Naming, apply, folder_of};

/// Where a file's bytes lie.
pub type Inode = usize;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiskFault {
    /// The machine stops here, its power gone.
    Crash,
    /// A write is refused.
    WriteFails,
    /// A sync is refused; what it was to make certain stays uncertain.
    SyncFails,
    /// A read is refused.
    ReadFails,
}

/// Why the disk did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The machine is off.
    Off,
    /// No room.
    Full,
    /// An error of the device.
    Device,
    /// No such file.
    Missing,
}

/// Shorthand.
pub type DiskResult<T> = Result<T, Trouble>;

/// What was really lost and refused, for the table at the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Injected {
    /// Sectors that kept their old bytes.
    pub dropped: u64,
    /// Sectors that were mixed.
    pub torn: u64,
    /// Changes of names that were lost.
    pub names: u64,
    /// Writes refused.
    pub writes: u64,
    /// Syncs refused.
    pub syncs: u64,
    /// Reads refused.
    pub reads: u64,
    /// Writes refused for want of room.
    pub full: u64,
    /// Power cuts at a numbered call.
    pub crashes: u64,
}

/// The disk of one machine.
#[derive(Debug, Clone)]
pub struct Disk {
    files: Vec<Option<File>>,
    names: Names,
    certain_names: Names,
    namings: Vec<Naming>,
    chance: Chance,
    /// Calls that change something, so far: the numbers faults are planned by.
    calls: u64,
    reads: u64,
    off: bool,
    room: u64,
    plan: Vec<(u64, DiskFault)>,
    injected: Injected,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub const fn new(chance: Chance) -> Self {
        Self {
            files: Vec::new(),
            names: Names::new(),
            certain_names: Names::new(),
            namings: Vec::new(),
            chance,
            calls: 0,
            reads: 0,
            off: false,
            room: u64::MAX,
            plan: Vec::new(),
            injected: Injected { dropped: 0, torn: 0, names: 0, writes: 0, syncs: 0, reads: 0, full: 0, crashes: 0 },
        }
    }

    /// The same bytes and names under another root, with its own chance: a copy of a disk in another machine.
    #[must_use]
    pub fn copy(&self, from: &str, to: &str, chance: Chance) -> Self {
        let renamed = |names: &Names| {
            names
                .iter()
                .map(|(name, entry)| {
                    (name.strip_prefix(from).map_or(name.clone(), |rest| format!("{to}{rest}")), *entry)
                })
                .collect()
        };
        let mut copy = Self::new(chance);
        copy.files.clone_from(&self.files);
        for file in copy.files.iter_mut().flatten() {
            file.certain.clone_from(&file.now);
            file.dirty.clear();
            file.resized = false;
        }
        copy.names = renamed(&self.names);
        copy.certain_names.clone_from(&copy.names);
        copy.room = self.room;
        copy
    }

    /// Bytes of memory it takes, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.files
            .iter()
            .flatten()
            .map(|file| file.now.capacity() + file.certain.capacity() + 8 * file.dirty.capacity())
            .sum()
    }

    /// The same disk with other chance.
    #[must_use]
    pub fn with_chance(&self, chance: Chance) -> Self {
        Self { chance, ..self.clone() }
    }

    /// Calls so far that change something.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Whether the machine is off.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.off
    }

    /// Whatever is asked from now on fails, as for a process that is no more.
    pub const fn turn_off(&mut self) {
        self.off = true;
    }

    /// What was really injected so far.
    #[must_use]
    pub const fn injected(&self) -> Injected {
        self.injected
    }

    /// Whether nothing is planned to go wrong, and the machine is on.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.off && self.plan.is_empty()
    }

    /// Calls that were refused so far, and power cuts among them.
    #[must_use]
    pub const fn troubles(&self) -> u64 {
        let i = &self.injected;
        i.writes + i.syncs + i.reads + i.full + i.crashes
    }

    /// Lets the `nth` call from now that such a fault fits go wrong; 0 is the next one.
    pub fn plan(&mut self, nth: u64, fault: DiskFault) {
        let at = if fault == DiskFault::ReadFails { self.reads } else { self.calls };
        self.plan.push((at + nth, fault));
    }

    /// Faults that were planned and have not come.
    pub fn forget_plan(&mut self) {
        self.plan.clear();
    }

    /// Bytes the disk holds at most.
    pub const fn set_room(&mut self, bytes: u64) {
        self.room = bytes;
    }

    /// Bytes that are taken.
    #[must_use]
    pub fn used(&self) -> u64 {
        let named =
            self.names.values().filter_map(|e| if let Entry::File(inode) = e { self.file(*inode).ok() } else { None });
        named.map(|f| f.now.len() as u64 + f.padding).sum()
    }

    /// Bytes that are free.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.room.saturating_sub(self.used())
    }

    /// The process is gone and another one starts: nothing is lost.
    pub fn process_died(&mut self) {
        self.off = false;
        self.plan.clear();
    }

    /// The power went and came back: what was not certain is dropped, kept or torn.
    pub fn power_cut(&mut self) {
        let mut names = std::mem::take(&mut self.certain_names);
        let mut kept: BTreeMap<String, bool> = BTreeMap::new();
        for naming in std::mem::take(&mut self.namings) {
            // Of each folder a prefix: after the first lost change everything is lost.
            let goes_on = kept.entry(naming.folder.clone()).or_insert(true);
            *goes_on = *goes_on && self.chance.happens(500);
            if *goes_on {
                apply(&mut names, &naming);
            } else {
                self.injected.names += 1;
            }
        }
        // A file in a folder that is not there is not there.
        let gone: Vec<String> = names
            .keys()
            .filter(|name| {
                let folder = folder_of(name);
                folder.matches('/').count() > 1 && !matches!(names.get(folder), Some(Entry::Folder))
            })
            .cloned()
            .collect();
        for name in gone {
            names.remove(&name);
        }
        let used: Vec<Inode> =
            names.values().filter_map(|e| if let Entry::File(inode) = e { Some(*inode) } else { None }).collect();
        for (inode, slot) in self.files.iter_mut().enumerate() {
            match slot {
                Some(file) if used.contains(&inode) => {
                    let (dropped, torn) = file.lose(&mut self.chance);
                    self.injected.dropped += dropped;
                    self.injected.torn += torn;
                }
                _ => *slot = None,
            }
        }
        self.certain_names.clone_from(&names);
        self.names = names;
        self.process_died();
    }

    /// Counts a call that changes something; says what goes wrong with it.
    fn call(&mut self, is_sync: bool) -> DiskResult<()> {
        if self.off {
            return Err(Trouble::Off);
        }
        let now = self.calls;
        self.calls += 1;
        if self.plan.is_empty() {
            return Ok(());
        }
        let fits = |fault: DiskFault| match fault {
            DiskFault::Crash => true,
            DiskFault::WriteFails => !is_sync,
            DiskFault::SyncFails => is_sync,
            DiskFault::ReadFails => false,
        };
        let Some(at) = self.plan.iter().position(|(when, fault)| *when <= now && fits(*fault)) else { return Ok(()) };
        match self.plan.swap_remove(at).1 {
            DiskFault::Crash => {
                self.injected.crashes += 1;
                self.off = true;
                Err(Trouble::Off)
            }
            DiskFault::WriteFails => {
                self.injected.writes += 1;
                Err(Trouble::Device)
            }
            DiskFault::SyncFails | DiskFault::ReadFails => {
                self.injected.syncs += 1;
                Err(Trouble::Device)
            }
        }
    }

    fn file(&self, inode: Inode) -> DiskResult<&File> {
        self.files.get(inode).and_then(Option::as_ref).ok_or(Trouble::Missing)
    }

    fn file_mut(&mut self, inode: Inode) -> DiskResult<&mut File> {
        self.files.get_mut(inode).and_then(Option::as_mut).ok_or(Trouble::Missing)
    }

    /// Length of a file.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn len(&self, inode: Inode) -> DiskResult<u64> {
        if self.off {
            return Err(Trouble::Off);
        }
        Ok(self.file(inode)?.now.len() as u64)
    }

    /// Reads into `out`; how many bytes there were.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn read(&mut self, inode: Inode, offset: u64, out: &mut [u8]) -> DiskResult<usize> {
        if self.off {
            return Err(Trouble::Off);
        }
        let now = self.reads;
        self.reads += 1;
        if let Some(at) = self.plan.iter().position(|(when, f)| *when <= now && *f == DiskFault::ReadFails) {
            self.plan.swap_remove(at);
            self.injected.reads += 1;
            return Err(Trouble::Device);
        }
        let file = self.file(inode)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(file.now.len());
        let rest = file.now.get(from..).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }

    /// Writes bytes; certain after [`Self::sync`].
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn write(&mut self, inode: Inode, offset: u64, bytes: &[u8]) -> DiskResult<()> {
        self.call(false)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let to = from + bytes.len();
        let len = self.file(inode)?.now.len();
        if to > len && self.room != u64::MAX && (to - len) as u64 > self.free() {
            self.injected.full += 1;
            return Err(Trouble::Full);
        }
        let file = self.file_mut(inode)?;
        if to > len {
            file.now.resize(to, 0);
            file.resized = true;
            file.touch(len, to);
        }
        if let Some(slot) = file.now.get_mut(from..to) {
            slot.copy_from_slice(bytes);
        }
        file.touch(from, to);
        Ok(())
    }

    /// Takes up room without bytes.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn pad(&mut self, inode: Inode, len: u64) -> DiskResult<()> {
        self.call(false)?;
        if len > self.free() {
            self.injected.full += 1;
            return Err(Trouble::Full);
        }
        self.file_mut(inode)?.padding = len;
        Ok(())
    }

    /// Cuts or lengthens a file.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn truncate(&mut self, inode: Inode, len: u64) -> DiskResult<()> {
        self.call(false)?;
        let file = self.file_mut(inode)?;
        let (old, len) = (file.now.len(), usize::try_from(len).unwrap_or(usize::MAX));
        if old != len {
            file.now.resize(len, 0);
            file.resized = true;
            if len > old {
                file.touch(old, len);
            } else {
                file.cut = Some(file.cut.unwrap_or(len).min(len));
            }
        }
        Ok(())
    }

    /// Makes a file's bytes certain.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn sync(&mut self, inode: Inode) -> DiskResult<()> {
        self.call(true)?;
        self.file_mut(inode)?.sync();
        Ok(())
    }

    /// Lets bits rot: flips one bit of a file, or none where it has no bytes.
    pub fn rot(&mut self, inode: Inode, at: u64, bit: u32) {
        if let Ok(file) = self.file_mut(inode) {
            let len = file.now.len() as u64;
            let at = usize::try_from(at % len.max(1)).unwrap_or(0);
            for bytes in [&mut file.now, &mut file.certain] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
        }
    }
}
