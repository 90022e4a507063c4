//! The house's rules, where a person would overlook a breach of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};

use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

fn toml(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn table<'a>(of: &'a Table, path: &str) -> &'a Table {
    path.split('.').fold(of, |at, key| at.get(key).and_then(Value::as_table).unwrap_or_else(|| panic!("no [{path}]")))
}

/// Folder and manifest of every member of the workspace.
fn members() -> Vec<(String, Table)> {
    let top = toml(&root().join("Cargo.toml"));
    let members = table(&top, "workspace").get("members").and_then(Value::as_array).expect("members");
    let members = members.iter().filter_map(Value::as_str);
    members.map(|m| (m.to_owned(), toml(&root().join(m).join("Cargo.toml")))).collect()
}

#[test]
fn every_dependency_is_declared_once_at_the_root() {
    for (member, manifest) in members() {
        let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let places = std::iter::once(&manifest).chain(targets.filter_map(Value::as_table));
        for place in places {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                for (name, wanted) in place.get(kind).and_then(Value::as_table).into_iter().flatten() {
                    // A package's tests may ask for a feature of the package itself.
                    let itself = wanted.get("path").and_then(Value::as_str) == Some(".");
                    let inherited = itself || wanted.get("workspace").and_then(Value::as_bool) == Some(true);
                    assert!(inherited, "{member} declares {name} by itself: `{name}.workspace = true` instead");
                }
            }
        }
    }
}

#[test]
fn the_lints_of_all_members_are_the_workspaces() {
    let top = toml(&root().join("Cargo.toml"));
    let mut wanted = table(&top, "workspace.lints").clone();
    for (member, manifest) in members() {
        let lints = table(&manifest, "lints");
        if lints.get("workspace").and_then(Value::as_bool) == Some(true) {
            continue;
        }
        assert!(matches!(member.as_str(), "app/shell" | "tests/sim"), "{member} has lints of its own");
        // These two talk to C in one marked place each; everything else holds for them too.
        if let Some(Value::Table(rust)) = wanted.get_mut("rust") {
            rust.insert("unsafe_code".into(), "deny".into());
        }
        assert_eq!(lints, &wanted, "the lints of {member}");
    }
}

#[test]
fn the_lock_file_holds_one_kind_of_cryptography_and_one_of_each_that_carries_weight() {
    let lock = toml(&root().join("Cargo.lock"));
    let packages = lock.get("package").and_then(Value::as_array).expect("packages");
    let versions = |name: &str| packages.iter().filter(|p| p.get("name").and_then(Value::as_str) == Some(name)).count();
    for foreign in ["aws-lc-rs", "aws-lc-sys", "openssl", "native-tls"] {
        assert_eq!(versions(foreign), 0, "{foreign} came in: TLS is rustls with ring");
    }
    for name in
        ["automerge", "axum", "hyper", "image", "reqwest", "ring", "rusqlite", "rustls", "serde_json", "tauri", "tokio"]
    {
        assert_eq!(versions(name), 1, "versions of {name}");
    }
    let automerge = table(&toml(&root().join("Cargo.toml")), "workspace.dependencies").get("automerge").cloned();
    assert_eq!(automerge, Some("=0.12.0".into()), "documents outlive builds: their library moves by decision only");
}

#[test]
fn the_top_level_is_what_the_map_says() {
    let names = |git: &[&str]| {
        let out = std::process::Command::new("git").args(git).current_dir(root()).output().expect("git");
        String::from_utf8(out.stdout).expect("names")
    };
    let tracked = names(&["ls-tree", "--name-only", "HEAD"]);
    let seen: Vec<&str> = tracked.lines().filter(|name| !name.starts_with('.')).collect();
    let wanted = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "app",
        "shared",
        "sync-server",
        "tests",
        "ui",
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn lock_files_name_no_registry_of_somebodys_own() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    for line in read("ui/package-lock.json").lines().filter(|line| line.contains("\"resolved\"")) {
        assert!(line.contains("https://registry.npmjs.org/"), "{line}");
    }
    for line in read("Cargo.lock").lines().filter(|line| line.starts_with("source = ")) {
        assert_eq!(line, "source = \"registry+https://github.com/rust-lang/crates.io-index\"");
    }
}
