//! What fuzzing has found and kept is played again at every test, and every target has something to begin with.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use mbs_fuzz::TARGETS;

#[test]
fn every_target_bears_its_whole_corpus() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let files = std::fs::read_dir(corpora.join(target.name)).unwrap_or_else(|e| panic!("{}: {e}", target.name));
        let mut played = 0;
        for file in files {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(std::panic::catch_unwind(|| (target.run)(&bytes)).is_ok(), "{} {}", target.name, path.display());
            played += 1;
        }
        assert!(played > 0, "{} has nothing to begin with", target.name);
    }
}

#[test]
fn no_corpus_belongs_to_nobody() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for folder in std::fs::read_dir(corpora).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(mbs_fuzz::target(&name).is_some(), "{name}");
    }
}
