//! Foreign bytes: what is accepted, what is refused and why; and that nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod document_support;

use document_support::*;
use mbs_shared::document::forge::{Forge, Mutation, with_right_checksum};
use mbs_shared::document::{Document, Unfit, join, project_first, verify, verify_first};
use mbs_shared::request::Edit;
use mbs_shared::wire::error::Code;
use proptest::prelude::*;

fn first() -> Vec<u8> {
    Document::create(office(), &pothole()).unwrap().1.raw
}

fn desc(words: &str) -> [Edit; 1] {
    [Edit::Desc(words.to_owned())]
}

/// A request filed on one tablet and edited on the other: both changes.
fn edited() -> (Vec<u8>, Vec<u8>) {
    let (mut document, first) = Document::create(office(), &pothole()).unwrap();
    let second = document.edit(street(), 5, &desc("Çukur büyüdü.")).unwrap().unwrap();
    (first.raw, second.raw)
}

#[test]
fn an_unaltered_forgery_is_the_change_itself() {
    let (first, second) = edited();
    assert_eq!(Forge::of(&first).unwrap().bytes(), first);
    assert_eq!(Forge::of(&second).unwrap().bytes(), second);
}

#[test]
fn every_class_of_mutation_is_refused_with_its_code() {
    for mutation in Mutation::ALL {
        let bytes = mutation.of(&first()).unwrap();
        assert_eq!(verify(&bytes).map(|_| ()), Err(mutation.code()), "{mutation:?}");
        assert_eq!(join(&[], &bytes).map(|_| ()), Err(Unfit::Rejected(mutation.code())), "{mutation:?}");
        let _ = project_first(&bytes);
    }
}

#[test]
fn mutated_edits_are_refused_when_they_join() {
    let (first, second) = edited();
    let refused = |code, change: fn(&mut Forge)| {
        let mut forge = Forge::of(&second).unwrap();
        change(&mut forge);
        let bytes = forge.bytes();
        assert_eq!(join(&[&first], &bytes).map(|_| ()), Err(Unfit::Rejected(code)));
    };
    refused(Code::BadHistory, |f| {
        f.op("desc").preds.clear();
        f.others.clear();
    });
    refused(Code::BadHash, |f| f.op("desc").preds.clear());
    refused(Code::BadHistory, |f| f.op("desc").preds[0].0 -= 1);
    refused(Code::BadHistory, |f| f.op("desc").preds[0].0 += 1_000);
    refused(Code::BadHistory, |f| f.start_op += 1);
    refused(Code::BadHistory, |f| f.start_op = 1);
    refused(Code::BadHistory, |f| f.seq = 2);
    refused(Code::BadHistory, |f| f.deps.clear());
    refused(Code::BadHash, |f| f.deps.push(f.deps[0]));
    refused(Code::BadHistory, |f| f.op("desc").key = "title".to_owned());
    refused(Code::UnknownKey, |f| f.op("desc").key = "status".to_owned());
    refused(Code::BadValue, |f| f.op("desc").raw = vec![b'x'; 8_001]);
    // The number and the day a request was filed are fixed; so is its schema, except that it may rise.
    refused(Code::BadHistory, |f| *f = f.clone().put("no", 6, b"4KR7-142-QXH"));
    refused(Code::BadHistory, |f| *f = f.clone().put("at", 9, &[1]));
    refused(Code::BadHistory, |f| *f = f.clone().put("v", 3, &[1]));
    // A delete that keeps no version.
    refused(Code::BadOperation, |f| {
        let op = f.op("desc");
        (op.action, op.kind, op.raw) = (3, 0, Vec::new());
    });
    // Pretending to be the first tablet.
    refused(Code::BadHistory, |f| {
        f.actor = office().0.to_vec();
        f.others.clear();
        f.op("desc").preds[0].1 = 0;
        f.seq = 3;
    });
}

#[test]
fn what_is_missing_is_asked_for_and_a_fork_is_called_one() {
    let (mut document, one) = Document::create(office(), &pothole()).unwrap();
    let mut clone = document.clone();
    let two = document.edit(office(), 5, &desc("bir")).unwrap().unwrap();
    let three = document.edit(office(), 6, &desc("iki")).unwrap().unwrap();
    assert_eq!(join(&[&one.raw], &three.raw).map(|_| ()), Err(Unfit::MissingDeps));
    let forked = clone.edit(office(), 7, &desc("üç")).unwrap().unwrap();
    assert_eq!(join(&[&one.raw, &two.raw], &forked.raw).map(|_| ()), Err(Unfit::Fork));
    assert_eq!(join(&[&one.raw, &forked.raw], &two.raw).map(|_| ()), Err(Unfit::Fork));
    // What is there already is no fork, and a second beginning is none either.
    let again = join(&[&one.raw, &two.raw], &two.raw).unwrap();
    assert_eq!(again.read().unwrap().request.desc, "bir");
    let stranger = Document::create(street(), &pothole()).unwrap().1;
    assert_eq!(join(&[&one.raw], &stranger.raw).map(|_| ()), Err(Unfit::Rejected(Code::BadHistory)));
}

/// Right in all but that its author had written on, elsewhere: what an author builds on includes all of its own.
#[test]
fn an_author_builds_on_everything_of_its_own() {
    let (mut document, one) = Document::create(office(), &pothole()).unwrap();
    let mut beside = document.clone();
    let two = document.edit(office(), 5, &desc("bir")).unwrap().unwrap();
    let other = beside.edit(street(), 6, &desc("iki")).unwrap().unwrap();
    // On the other tablet's change alone, with the number that is its author's turn.
    let three = Forge { seq: 3, ..Forge::of(&other.raw).unwrap() };
    let mut three = Forge { actor: office().0.to_vec(), others: Vec::new(), ..three };
    three.op("desc").preds[0].1 = 0;
    assert_eq!(join(&[&one.raw, &two.raw], &three.bytes()).map(|_| ()), Err(Unfit::Rejected(Code::BadHistory)));
    // Its own next number is no hole away either.
    let skipped = document.edit(office(), 7, &desc("üç")).unwrap().unwrap();
    let skipped = Forge { seq: 4, ..Forge::of(&skipped.raw).unwrap() }.bytes();
    assert_eq!(join(&[&one.raw, &two.raw], &skipped).map(|_| ()), Err(Unfit::Rejected(Code::BadHistory)));
}

#[test]
fn only_v_names_a_schema() {
    let (first, second) = edited();
    let mut strange = Forge::of(&second).unwrap().put("zz", 3, &[99]);
    strange.ops.sort_by(|a, b| a.key.cmp(&b.key));
    let strange = strange.bytes();
    assert_eq!(join(&[&first], &strange).map(|_| ()), Err(Unfit::Rejected(Code::UnknownKey)));
}

#[test]
fn a_newer_schema_is_no_fault() {
    let newer =
        Forge::of(&first()).unwrap().put("v", 3, &[2]).put("hood", 4, &[1]).put("desc", 6, &[b'x'; 9_000]).bytes();
    let checked = verify(&newer).unwrap();
    assert!(checked.newer && checked.schema == Some(2));
    // It is read as far as we know it, and edited.
    let mut document = join(&[], &newer).unwrap();
    let request = document.read().unwrap().request;
    assert_eq!((request.schema, request.desc.len(), &request.title), (2, 9_000, &pothole().title));
    assert_eq!(project_first(&newer).unwrap(), request);
    let edit = document.edit(street(), 5, &desc("kısa")).unwrap().unwrap();
    assert_eq!(join(&[&newer], &edit.raw).unwrap().read().unwrap().request.desc, "kısa");
    // A later change with keys of the newer schema need not say so again; only join can know.
    let later = Forge::of(&edit.raw).unwrap();
    let later = Forge { ops: vec![], others: vec![], ..later }.put("street", 6, b"Okul Sk.").bytes();
    assert_eq!(verify(&later).unwrap().unsuited, Some(Code::UnknownKey));
    assert!(join(&[&newer], &later).is_ok());
    // Nesting stays forbidden, whatever the version.
    let mut nested = Forge::of(&newer).unwrap();
    nested.op("hood").action = 0;
    assert_eq!(verify(&nested.bytes()).map(|_| ()), Err(Code::BadOperation));
}

#[test]
fn only_the_losers_can_be_dropped() {
    let (mut hers, one) = Document::create(office(), &pothole()).unwrap();
    let mut his = hers.clone();
    let two = hers.edit(office(), 5, &desc("bir")).unwrap().unwrap();
    let three = his.edit(street(), 6, &desc("iki")).unwrap().unwrap();
    let before = [&one.raw[..], &two.raw, &three.raw];
    let mut both = join(&before[..2], &three.raw).unwrap();
    let keep = both.edit(office(), 7, &[Edit::Keep("desc".to_owned())]).unwrap().unwrap();
    assert!(join(&before, &keep.raw).unwrap().read().unwrap().conflicts.is_empty());
    // The winner, or both: refused.
    let mut forge = Forge::of(&keep.raw).unwrap();
    assert_eq!((forge.op("desc").action, forge.op("desc").preds.len()), (3, 1));
    let max = forge.op("desc").preds[0].0;
    for preds in [vec![(max, 0), (max, 1)], vec![(max, 1)], vec![(max, 0)]] {
        if preds == forge.op("desc").preds {
            continue;
        }
        let mut bad = forge.clone();
        bad.op("desc").preds.clone_from(&preds);
        bad.others = if preds.iter().any(|p| p.1 == 1) { vec![street().0.to_vec()] } else { vec![] };
        assert_eq!(join(&before, &bad.bytes()).map(|_| ()), Err(Unfit::Rejected(Code::BadOperation)), "{preds:?}");
    }
}

#[test]
fn verify_and_projection_in_one_pass_say_the_same() {
    let raw = first();
    let (checked, request) = verify_first(&raw).unwrap();
    assert_eq!((checked.hash, request), (verify(&raw).unwrap().hash, Some(project_first(&raw).unwrap())));
    assert!(verify_first(&edited().1).unwrap().1.is_none());
    assert_eq!(project_first(&edited().1), Err(Code::BadHistory));
    assert!(verify(&raw).unwrap().is_first() && !verify(&edited().1).unwrap().is_first());
}

/// Small generator for the long loops, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// Alters a few bytes: flips, sets, cuts, inserts, copies.
fn mutate(raw: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = raw.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)],
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, u8::try_from(dice.below(256)).unwrap()),
            _ => {
                let from = dice.below(bytes.len());
                bytes[at] = bytes[from];
            }
        }
        if bytes.len() < 16 {
            return raw.to_vec();
        }
    }
    bytes
}

/// How many mutants to try: more with `MBS_FUZZ`.
fn rounds(few: usize) -> usize {
    std::env::var("MBS_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(few)
}

#[test]
fn mutants_of_a_first_change_never_panic_and_what_is_accepted_loads() {
    let raw = first();
    let mut dice = Dice(1);
    let mut accepted = 0;
    for _ in 0..rounds(20_000) {
        let mutant = with_right_checksum(&mutate(&raw, &mut dice));
        let _ = project_first(&mutant);
        let Ok(checked) = verify(&mutant) else { continue };
        accepted += 1;
        let document = Document::load(&[&mutant]).unwrap();
        if !checked.newer {
            assert_eq!(project_first(&mutant).unwrap(), document.read().unwrap().request);
            assert!(join(&[], &mutant).is_ok());
        }
    }
    assert!(accepted > 0, "some mutants only change a letter");
}

#[test]
fn mutants_of_an_edit_never_panic_and_what_joins_is_sound() {
    let (first, second) = edited();
    let mut dice = Dice(2);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..rounds(20_000) {
        let mutant = with_right_checksum(&mutate(&second, &mut dice));
        match join(&[&first], &mutant) {
            Ok(document) => {
                assert_eq!(document.read().unwrap().request.no, pothole().no);
                accepted += 1;
            }
            // Nothing that passed the steps may fail in Automerge itself.
            Err(Unfit::Rejected(Code::Internal)) => panic!("{mutant:02x?}"),
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 0 && refused > 0);
}

#[test]
fn noise_never_panics() {
    let mut dice = Dice(3);
    for _ in 0..rounds(20_000) {
        let n = dice.below(200);
        let mut bytes: Vec<u8> = (0..n).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        let head = [0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, u8::try_from(n % 128).unwrap()];
        bytes.splice(0..0, head);
        assert!(verify(&with_right_checksum(&bytes)).is_err());
        let _ = project_first(&bytes);
    }
}

/// What happens to a request on three tablets: who edits what, and who hears of whom.
#[derive(Debug, Clone)]
enum Step {
    Edit(usize, Vec<Edit>),
    Hear(usize, usize),
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..3_usize, proptest::collection::vec(any_edit(), 1..4)).prop_map(|(who, edits)| Step::Edit(who, edits)),
        2 => (0..3_usize, 0..3_usize).prop_map(|(a, b)| Step::Hear(a, b)),
    ];
    proptest::collection::vec(step, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever honest tablets do, in whatever order it arrives: it is accepted, and all end alike.
    #[test]
    fn honest_histories_are_accepted_and_converge(request in any_request(), steps in any_steps()) {
        let people = [office(), street(), spare()];
        let first = Document::create(office(), &request).unwrap().1.raw;
        let mut tablets: [Vec<Vec<u8>>; 3] = std::array::from_fn(|_| vec![first.clone()]);
        let hear = |mine: &mut Vec<Vec<u8>>, theirs: &[Vec<u8>]| {
            for raw in theirs {
                if !mine.contains(raw) {
                    let before: Vec<&[u8]> = mine.iter().map(Vec::as_slice).collect();
                    join(&before, raw).unwrap();
                    mine.push(raw.clone());
                }
            }
        };
        for (at, step) in (0_i64..).zip(steps) {
            match step {
                Step::Edit(who, edits) => {
                    let before: Vec<&[u8]> = tablets[who].iter().map(Vec::as_slice).collect();
                    let mut document = Document::load(&before).unwrap();
                    // A seventh photo is refused at the source.
                    if let Ok(Some(change)) = document.edit(people[who], at, &edits) {
                        let checked = verify(&change.raw).unwrap();
                        prop_assert_eq!((checked.hash, checked.unsuited), (change.hash, None));
                        let joined = join(&before, &change.raw).unwrap();
                        prop_assert_eq!(joined.read().unwrap(), document.read().unwrap());
                        tablets[who].push(change.raw);
                    }
                }
                Step::Hear(a, b) => {
                    let theirs = tablets[b].clone();
                    hear(&mut tablets[a], &theirs);
                }
            }
        }
        let all: Vec<Vec<u8>> = tablets.iter().flatten().cloned().collect();
        let readings: Vec<_> = tablets
            .iter_mut()
            .map(|mine| {
                hear(mine, &all);
                let changes: Vec<&[u8]> = mine.iter().map(Vec::as_slice).collect();
                Document::load(&changes).unwrap().read().unwrap()
            })
            .collect();
        prop_assert_eq!(&readings[0], &readings[1]);
        prop_assert_eq!(&readings[0], &readings[2]);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify(&bytes).is_err());
        prop_assert!(project_first(&bytes).is_err());
        prop_assert!(join(&[], &bytes).is_err());
    }
}
