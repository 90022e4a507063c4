//! Names: what they stand for now, and what they stand for certainly, which a sync of their folder brings about.

use std::collections::BTreeMap;

use super::file::File;
use super::{Disk, DiskResult, Inode, Trouble};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    File(Inode),
    Folder,
}

/// Everything that has a name.
pub(super) type Names = BTreeMap<String, Entry>;

/// A change of names: to each name what it stands for from now on; `None`: nothing.
#[derive(Debug, Clone)]
pub(super) struct Naming {
    pub(super) folder: String,
    pub(super) sets: Vec<(String, Option<Entry>)>,
}

/// The folder of a path; "" for the root.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Does a change of names.
pub(super) fn apply(names: &mut Names, naming: &Naming) {
    for (name, entry) in &naming.sets {
        match entry {
            Some(entry) => names.insert(name.clone(), *entry),
            None => names.remove(name),
        };
    }
}

impl Disk {
    fn rename_entry(&mut self, naming: Naming) {
        apply(&mut self.names, &naming);
        self.namings.push(naming);
    }

    /// The file of that name.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Inode> {
        match self.names.get(path) {
            Some(Entry::File(inode)) => Some(*inode),
            _ => None,
        }
    }

    /// Whether there is something of that name.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        self.names.contains_key(path)
    }

    /// Whether there is a folder of that name.
    #[must_use]
    pub fn is_folder(&self, path: &str) -> bool {
        matches!(self.names.get(path), Some(Entry::Folder))
    }

    /// Names of the files directly in a folder.
    #[must_use]
    pub fn list(&self, folder: &str) -> Vec<String> {
        let files = self.names.iter().filter(|(_, e)| matches!(e, Entry::File(_)));
        files.filter(|(name, _)| folder_of(name) == folder).map(|(name, _)| name.clone()).collect()
    }

    /// A new empty file of that name; one that was there loses its bytes.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn create(&mut self, path: &str) -> DiskResult<Inode> {
        self.call(false)?;
        let inode = self.files.iter().position(Option::is_none).unwrap_or(self.files.len());
        // A place is used anew only after a power cut: an unsynced name may still point at it.
        let inode = if self.namings.is_empty() { inode } else { self.files.len() };
        if inode == self.files.len() {
            self.files.push(None);
        }
        if let Some(slot) = self.files.get_mut(inode) {
            *slot = Some(File::default());
        }
        let sets = vec![(path.to_owned(), Some(Entry::File(inode)))];
        self.rename_entry(Naming { folder: folder_of(path).to_owned(), sets });
        Ok(inode)
    }

    /// A new folder.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn make_folder(&mut self, path: &str) -> DiskResult<()> {
        if self.is_folder(path) {
            return Ok(());
        }
        self.call(false)?;
        let sets = vec![(path.to_owned(), Some(Entry::Folder))];
        self.rename_entry(Naming { folder: folder_of(path).to_owned(), sets });
        Ok(())
    }

    /// Another name for a file; what had that name has none any more.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn rename(&mut self, from: &str, to: &str) -> DiskResult<()> {
        let entry = *self.names.get(from).ok_or(Trouble::Missing)?;
        self.call(false)?;
        let sets = vec![(from.to_owned(), None), (to.to_owned(), Some(entry))];
        self.rename_entry(Naming { folder: folder_of(to).to_owned(), sets });
        Ok(())
    }

    /// Takes a name away.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn remove(&mut self, path: &str) -> DiskResult<()> {
        if !self.exists(path) {
            return Err(Trouble::Missing);
        }
        self.call(false)?;
        self.rename_entry(Naming { folder: folder_of(path).to_owned(), sets: vec![(path.to_owned(), None)] });
        Ok(())
    }

    /// Makes the names of a folder certain.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn sync_folder(&mut self, folder: &str) -> DiskResult<()> {
        self.call(true)?;
        let (done, rest) = std::mem::take(&mut self.namings).into_iter().partition(|n: &Naming| n.folder == folder);
        self.namings = rest;
        for naming in done {
            apply(&mut self.certain_names, &naming);
        }
        Ok(())
    }
}
