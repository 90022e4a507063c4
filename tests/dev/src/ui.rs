//! The screens: installed once, built only when their sources changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

use crate::run;

/// Folders and files under `ui` that do not change what is built.
const ASIDE: &[&str] = &["node_modules", "dist", "paraglide", "tests"];

/// A number that changes with the sources.
fn fingerprint() -> Result<u64, String> {
    fn walk(path: &Path, into: &mut DefaultHasher) -> std::io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            if name.to_str().is_some_and(|n| ASIDE.contains(&n) || n.starts_with('.')) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), into)?;
            } else {
                name.hash(into);
                fs::read(entry.path())?.hash(into);
            }
        }
        Ok(())
    }
    let mut hasher = DefaultHasher::new();
    walk(&run::root().join("ui"), &mut hasher).map_err(|e| format!("ui cannot be read: {e}"))?;
    for map in
        ["shared/data/geo/istanbul.topo.json", "shared/data/basemap/land.geojson", "shared/data/basemap/water.geojson"]
    {
        fs::read(run::root().join(map)).map_err(|e| format!("{map} cannot be read: {e}"))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Installs the front end's packages when the lock file changed.
pub(crate) fn packages() -> Result<(), String> {
    let ui = run::root().join("ui");
    let lock =
        fs::read(ui.join("package-lock.json")).map_err(|e| format!("ui/package-lock.json cannot be read: {e}"))?;
    let mut hasher = DefaultHasher::new();
    lock.hash(&mut hasher);
    let stamp = ui.join("node_modules/.mbs-stamp");
    let now = hasher.finish().to_string();
    if fs::read_to_string(&stamp).is_ok_and(|old| old == now) {
        return Ok(());
    }
    // Not `npm ci`: a dependency names optional packages for other machines that were never published,
    // and `ci` takes a lock without them for a stale one. `install` keeps to the lock all the same.
    let install = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
    run::must("installing the front end's packages", &mut run::npm(&install))?;
    fs::write(&stamp, now).map_err(|e| format!("{} cannot be written: {e}", stamp.display()))
}

/// Builds tablet and desk when their sources changed.
pub(crate) fn build() -> Result<(), String> {
    packages()?;
    let dist = run::root().join("ui/dist");
    let stamp = dist.join(".mbs-stamp");
    let now = fingerprint()?.to_string();
    let built = dist.join("tablet/index.html").exists() && dist.join("desk/index.html").exists();
    if built && fs::read_to_string(&stamp).is_ok_and(|old| old == now) {
        return Ok(());
    }
    run::must("building the screens", &mut run::npm(&["run", "--silent", "build"]))?;
    fs::write(&stamp, now).map_err(|e| format!("{} cannot be written: {e}", stamp.display()))
}
