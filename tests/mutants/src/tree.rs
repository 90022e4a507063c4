//! A copy of the repository with the changes woven in, and what cargo makes of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::find::{self, Found, Mutant};
use crate::weave::{self, Woven};

/// The question's place in the copy of `shared`.
const SWITCH: &str = include_str!("switch.rs");
const SWITCHED: &str = "\n#[allow(missing_docs)]\npub mod mutant;\n";

/// The copy.
pub(crate) struct Tree {
    root: PathBuf,
    at: PathBuf,
    files: Vec<Changed>,
}

/// A file with changes.
struct Changed {
    /// From the repository's root.
    path: String,
    source: String,
    found: Found,
    /// The number of its first change.
    first: usize,
    /// Changes that do not compile, as indices.
    without: HashSet<usize>,
    woven: Woven,
}

/// A change by its number.
pub(crate) struct Numbered<'a> {
    pub(crate) number: usize,
    pub(crate) file: &'a str,
    pub(crate) mutant: &'a Mutant,
    pub(crate) compiles: bool,
}

impl Tree {
    /// Copies the repository (what git knows of it) to `target/mutants/tree` and finds the changes of `files`.
    pub(crate) fn new(root: &Path, files: &[String]) -> Result<Self> {
        let at = root.join("target/mutants/tree");
        let listed =
            Command::new("git").current_dir(root).args(["ls-files", "-z", "-co", "--exclude-standard"]).output()?;
        let woven = |path: &str| path == "shared/src/lib.rs" || files.iter().any(|f| f == path);
        for path in String::from_utf8(listed.stdout)?.split('\0').filter(|p| !p.is_empty() && !woven(p)) {
            put(&at.join(path), &std::fs::read(root.join(path)).with_context(|| path.to_owned())?)?;
        }
        // The server serves what is built of the screens.
        let built = at.join("ui/dist");
        if !built.exists() && root.join("ui/dist").exists() {
            std::os::unix::fs::symlink(root.join("ui/dist"), built)?;
        }
        let lib = std::fs::read_to_string(root.join("shared/src/lib.rs"))?;
        put(&at.join("shared/src/mutant.rs"), SWITCH.as_bytes())?;
        put(&at.join("shared/src/lib.rs"), format!("{lib}{SWITCHED}").as_bytes())?;
        let mut first = 1;
        let mut all = Vec::new();
        for path in files {
            let source = std::fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
            let found = find::find(&source).with_context(|| path.to_owned())?;
            let count = found.mutants.len();
            all.push(Changed {
                path: path.clone(),
                source,
                found,
                first,
                without: HashSet::new(),
                woven: Woven::default(),
            });
            first += count;
        }
        Ok(Self { root: root.to_owned(), at, files: all })
    }

    /// All changes.
    pub(crate) fn mutants(&self) -> impl Iterator<Item = Numbered<'_>> {
        self.files.iter().flat_map(|f| {
            f.found.mutants.iter().enumerate().map(|(i, mutant)| Numbered {
                number: f.first + i,
                file: &f.path,
                mutant,
                compiles: !f.without.contains(&i),
            })
        })
    }

    /// Weaves and builds until what is left compiles. Answers the test programs of some packages; with `simulation` that is built, too.
    pub(crate) fn build(&mut self, tests: &[String], simulation: bool) -> Result<Vec<Program>> {
        // The whole workspace with everything on, as it is built elsewhere: its libraries are there already.
        let mut args = ["test", "--workspace", "--all-features", "--no-run", "--lib"].map(str::to_owned).to_vec();
        for package in tests {
            for name in suites(&self.at.join(folder_of(package)?).join("tests"))? {
                args.extend(["--test".to_owned(), name]);
            }
        }
        let programs = loop {
            self.weave()?;
            let (errors, programs) = self.cargo(&args)?;
            if errors.is_empty() {
                break programs;
            }
            self.leave_out(&errors)?;
        };
        if simulation {
            let args = ["build", "--profile", "sim", "-p", "mbs-sim", "--features", "sabotage"].map(str::to_owned);
            self.cargo(&args)?;
        }
        let homes = tests.iter().map(|t| Ok(self.at.join(folder_of(t)?))).collect::<Result<Vec<_>>>()?;
        Ok(programs.into_iter().filter(|p| homes.contains(&p.home)).collect())
    }

    /// A program that [`Tree::build`] built beside the tests.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.root.join("target/mutants/out").join(profile).join(name)
    }

    fn weave(&mut self) -> Result<()> {
        for f in &mut self.files {
            let on = if f.path.starts_with("shared/") { "crate::mutant::on" } else { "mbs_shared::mutant::on" };
            f.woven = weave::weave(&f.source, &f.found, &f.without, f.first, on);
            let mut text = f.woven.text.clone();
            if f.path == "shared/src/lib.rs" {
                text.push_str(SWITCHED);
            }
            put(&self.at.join(&f.path), text.as_bytes())?;
        }
        Ok(())
    }

    fn leave_out(&mut self, errors: &[Error]) -> Result<()> {
        let mut gone = 0;
        for error in errors {
            for place in error.places() {
                let Some(f) = self.files.iter_mut().find(|f| f.path == place.file_name) else { continue };
                let span = place.byte_start..place.byte_end;
                let mut blamed: Vec<usize> = f.woven.blamed(&span).to_vec();
                if blamed.is_empty() {
                    blamed = f.woven.within(&span);
                }
                let before = f.without.len();
                f.without.extend(blamed);
                gone += f.without.len() - before;
                if f.without.len() > before {
                    break;
                }
            }
        }
        eprintln!("{} errors, {gone} changes left out", errors.len());
        if gone == 0 {
            bail!(
                "it does not compile, and no change is to blame: {}",
                errors.first().and_then(|e| e.rendered.as_deref()).unwrap_or_default()
            );
        }
        Ok(())
    }

    fn cargo(&self, args: &[String]) -> Result<(Vec<Error>, Vec<Program>)> {
        // Libraries are those of the repository's own builds; the programs lie apart from its own.
        let output = Command::new("cargo")
            .current_dir(&self.at)
            .args(args)
            .arg("--message-format=json")
            .env("CARGO_BUILD_BUILD_DIR", self.root.join("target"))
            .env("CARGO_TARGET_DIR", self.root.join("target/mutants/out"))
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .stderr(Stdio::null())
            .output()?;
        let mut errors = Vec::new();
        let mut programs = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(said) = serde_json::from_str::<Said>(line) else { continue };
            if let Some(message) = said.message.filter(|m| m.level == "error" && !m.spans.is_empty()) {
                errors.push(message);
            }
            let home = said.manifest_path.as_deref().and_then(Path::parent);
            if let (Some(Profile { test: true }), Some(path), Some(home)) = (said.profile, said.executable, home) {
                programs.push(Program { path, home: home.to_owned() });
            }
        }
        if !output.status.success() && errors.is_empty() {
            bail!("cargo {} failed without an error of the compiler", args.join(" "));
        }
        Ok((errors, programs))
    }
}

/// A program of tests.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// Where it is run: its package's folder.
    pub(crate) home: PathBuf,
}

/// A package's folder.
fn folder_of(package: &str) -> Result<&'static str> {
    Ok(match package {
        "mbs-shared" => "shared",
        "mbs-server" => "sync-server",
        "mbs-tablet" => "app/core",
        _ => bail!("{package}: mbs-shared, mbs-server and mbs-tablet are known"),
    })
}

/// Names of the test programs in a folder of tests: files, and folders with a `main.rs`.
fn suites(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let program = path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").exists();
        names.extend(path.file_stem().and_then(|s| s.to_str()).filter(|_| program).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// A line of `cargo --message-format=json`, as far as it is read here.
#[derive(Deserialize)]
struct Said {
    message: Option<Error>,
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// What the compiler has to say.
#[derive(Deserialize)]
struct Error {
    level: String,
    rendered: Option<String>,
    spans: Vec<Place>,
    #[serde(default)]
    children: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    spans: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
}

impl Error {
    /// Places it speaks of, the one it means first.
    fn places(&self) -> Vec<&Place> {
        let mut all: Vec<&Place> = self.spans.iter().chain(self.children.iter().flat_map(|c| &c.spans)).collect();
        all.sort_by_key(|place| !place.is_primary);
        all
    }
}

/// Writes a file where it says something else, so that cargo builds only what changed.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}
