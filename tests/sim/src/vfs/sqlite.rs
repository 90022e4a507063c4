//! The disk as SQLite sees it: a VFS through the C interface.
//!
//! Beside the counting allocator (`heap.rs`) the only file of this package that uses `unsafe`. It translates and decides nothing. What holds it
//! together: SQLite gives back to each method the very `sqlite3_file` that [`open`] filled in, with the
//! size the VFS asked for; buffers have the length SQLite says; the VFS and its name live for ever.
#![allow(unsafe_code, reason = "SQLite is C")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Once;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use super::disk::{Inode, Trouble};
use super::{Machine, place, with};
use crate::chance::Chance;

/// Name of the VFS.
pub const NAME: &str = "mbs-sim";
const C_NAME: &CStr = c"mbs-sim";
const LONGEST_PATH: c_int = 256;

thread_local! {
    static CHANCE: Cell<u64> = const { Cell::new(1) };
}

/// An open file.
#[repr(C)]
struct Open {
    base: sqlite3_file,
    machine: Machine,
    inode: Inode,
    /// Its folder is synced with its first sync: it is a new journal. As SQLite's own VFS does.
    new_journal: bool,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Bytes SQLite has taken, all connections together.
#[must_use]
pub fn memory() -> usize {
    // SAFETY: it only reads a counter of SQLite's.
    usize::try_from(unsafe { ffi::sqlite3_memory_used() }).unwrap_or(0)
}

/// Makes the VFS known to SQLite, once.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let vfs = Box::new(sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<Open>()).unwrap_or(c_int::MAX),
            mxPathname: LONGEST_PATH,
            pNext: ptr::null_mut(),
            zName: C_NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_ms),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        });
        // SAFETY: the VFS is complete and never freed.
        unsafe { ffi::sqlite3_vfs_register(Box::leak(vfs), 0) };
    });
}

/// Lets SQLite's own random numbers (one series a process) begin anew from `seed`.
pub fn reseed(seed: u64) {
    CHANCE.set(seed);
    let seed = c_int::try_from(seed & 0x7fff_fffe).unwrap_or(0) | 1;
    // SAFETY: this operation takes an int and a database handle, which may be null.
    unsafe { ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_SEED, seed, ptr::null_mut::<ffi::sqlite3>()) };
}

const fn code(trouble: Trouble, device: c_int) -> c_int {
    match trouble {
        Trouble::Full => ffi::SQLITE_FULL,
        Trouble::Off | Trouble::Device | Trouble::Missing => device,
    }
}

/// # Safety
/// `file` was filled in by [`open`] and is not closed.
unsafe fn opened<'a>(file: *mut sqlite3_file) -> &'a mut Open {
    // SAFETY: as above; SQLite uses a file from one thread at a time.
    unsafe { &mut *file.cast::<Open>() }
}

/// # Safety
/// `name` is null or a C string that outlives the call.
unsafe fn path_of<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives room of the size asked for, and a name or null.
    let (slot, path) = unsafe { (&mut *file.cast::<Open>(), path_of(name)) };
    slot.base.pMethods = ptr::null();
    let Some(path) = path else { return ffi::SQLITE_CANTOPEN };
    let Ok((machine, path)) = place(Path::new(path)) else { return ffi::SQLITE_CANTOPEN };
    let journal = flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0;
    let found = with(machine, |disk| match disk.find(path) {
        _ if disk.is_off() => Err(Trouble::Off),
        Some(inode) => Ok((inode, false)),
        None if flags & ffi::SQLITE_OPEN_CREATE != 0 => Ok((disk.create(path)?, journal)),
        None => Err(Trouble::Missing),
    });
    let Ok((inode, new_journal)) = found else { return ffi::SQLITE_CANTOPEN };
    (slot.machine, slot.inode, slot.new_journal) = (machine, inode, new_journal);
    slot.base.pMethods = &raw const METHODS;
    if !out_flags.is_null() {
        // SAFETY: not null, and SQLite's to write to.
        unsafe { *out_flags = flags };
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(_: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut sqlite3_file, out: *mut c_void, len: c_int, offset: sqlite3_int64) -> c_int {
    // SAFETY: an open file, and a buffer of `len` bytes.
    let (file, out) =
        unsafe { (opened(file), std::slice::from_raw_parts_mut(out.cast::<u8>(), usize::try_from(len).unwrap_or(0))) };
    match with(file.machine, |disk| disk.read(file.inode, offset.unsigned_abs(), out)) {
        Ok(n) if n == out.len() => ffi::SQLITE_OK,
        Ok(n) => {
            out.iter_mut().skip(n).for_each(|b| *b = 0);
            ffi::SQLITE_IOERR_SHORT_READ
        }
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, len: c_int, offset: sqlite3_int64) -> c_int {
    // SAFETY: an open file, and a buffer of `len` bytes.
    let (file, bytes) =
        unsafe { (opened(file), std::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(len).unwrap_or(0))) };
    match with(file.machine, |disk| disk.write(file.inode, offset.unsigned_abs(), bytes)) {
        Ok(()) => ffi::SQLITE_OK,
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_WRITE),
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { opened(file) };
    match with(file.machine, |disk| disk.truncate(file.inode, len.unsigned_abs())) {
        Ok(()) => ffi::SQLITE_OK,
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_TRUNCATE),
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { opened(file) };
    let done = with(file.machine, |disk| {
        disk.sync(file.inode)?;
        if file.new_journal { disk.sync_folder(&super::root(file.machine)) } else { Ok(()) }
    });
    match done {
        Ok(()) => {
            file.new_journal = false;
            ffi::SQLITE_OK
        }
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_FSYNC),
    }
}

unsafe extern "C" fn size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { opened(file) };
    match with(file.machine, |disk| disk.len(file.inode)) {
        Ok(len) => {
            // SAFETY: SQLite's to write to.
            unsafe { *out = len.cast_signed() };
            ffi::SQLITE_OK
        }
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_FSTAT),
    }
}

unsafe extern "C" fn lock(_: *mut sqlite3_file, _: c_int) -> c_int {
    // One process a machine, and it opens each file once.
    ffi::SQLITE_OK
}

unsafe extern "C" fn reserved(_: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite's to write to.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_: *mut sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn characteristics(_: *mut sqlite3_file) -> c_int {
    // As SQLite's own VFS says of Linux: a torn write harms nothing beside it.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite gives a C string.
    let Some(path) = (unsafe { path_of(name) }) else { return ffi::SQLITE_IOERR_DELETE };
    let Ok((machine, path)) = place(Path::new(path)) else { return ffi::SQLITE_IOERR_DELETE };
    let done = with(machine, |disk| {
        disk.remove(path)?;
        if sync_folder != 0 { disk.sync_folder(&super::root(machine)) } else { Ok(()) }
    });
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(Trouble::Missing) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(_: *mut sqlite3_vfs, name: *const c_char, _: c_int, out: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a C string.
    let Some(path) = (unsafe { path_of(name) }) else { return ffi::SQLITE_IOERR_ACCESS };
    let Ok((machine, path)) = place(Path::new(path)) else { return ffi::SQLITE_IOERR_ACCESS };
    let there = with(machine, |disk| if disk.is_off() { Err(Trouble::Off) } else { Ok(disk.exists(path)) });
    match there {
        Ok(there) => {
            // SAFETY: SQLite's to write to.
            unsafe { *out = c_int::from(there) };
            ffi::SQLITE_OK
        }
        Err(_) => ffi::SQLITE_IOERR_ACCESS,
    }
}

unsafe extern "C" fn full_path(_: *mut sqlite3_vfs, name: *const c_char, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: a C string.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if bytes.len() > usize::try_from(len).unwrap_or(0) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has room for `len` bytes, and the two do not overlap.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut sqlite3_vfs, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: `out` has room for `len` bytes.
    let out = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), usize::try_from(len).unwrap_or(0)) };
    let mut chance = Chance::new(CHANCE.get());
    CHANCE.set(chance.number());
    chance.fill(out);
    len
}

unsafe extern "C" fn sleep(_: *mut sqlite3_vfs, us: c_int) -> c_int {
    us
}

/// The time plays no part in what SQLite does for us.
const JULIAN_MS: sqlite3_int64 = 212_660_424_000_000;

unsafe extern "C" fn current_time(_: *mut sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite's to write to.
    unsafe { *out = JULIAN_MS as f64 / 86_400_000.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_ms(_: *mut sqlite3_vfs, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite's to write to.
    unsafe { *out = JULIAN_MS };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(_: *mut sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0
}
