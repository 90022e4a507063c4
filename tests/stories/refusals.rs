//! Story 6: what must not be is refused with its code and logged, on both sides; everything else goes on.

use mbs_shared::blob::{BlobKind, BlobRef, MAX_BYTES, name_of};
use mbs_shared::document::Document;
use mbs_shared::document::forge::{Forge, Mutation};
use mbs_shared::id::RequestId;
use mbs_shared::request::Edit;
use mbs_shared::wire::encode;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{ItemKind, ItemResult, MAX_FRAME, MAX_ITEMS};
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Request, Transport};
use mbs_tablet::error::Code as TabletCode;
use mbs_tests::people::{CAFERAGA, RASIMPASA, RASIMPASA_PLACE, fixture, fixture_bytes, new_photo, words};
use mbs_tests::raw::RawTablet;
use mbs_tests::tablet::{Door, New, is_delivered};
use mbs_tests::world::World;

/// A world with an honest tablet in Rasimpaşa and one in the wrong hands in Caferağa.
fn world() -> (World, mbs_tests::tablet::Device, RawTablet) {
    let mut world = World::begin();
    let honest = world.tablet(RASIMPASA);
    let code = world.server.enrol_code(CAFERAGA);
    let raw = RawTablet::enrol(&world.url(), &code, 6);
    (world, honest, raw)
}

/// The honest muhtar notices nothing: what he files still arrives.
fn goes_on(world: &World, honest: &mbs_tests::tablet::Device, seed: u64) {
    let new = New::of(&words()[seed as usize]).at(RASIMPASA_PLACE).with_photos([new_photo(seed << 20, 10)]);
    let id = honest.file(&new).unwrap().row.id;
    honest.settle();
    assert!(is_delivered(&honest.request(id).row));
    assert_eq!(world.server.record(id).here, 1);
}

#[test]
fn every_forged_change_is_refused_with_its_code() {
    let (world, honest, mut raw) = world();
    let request = raw.request(&words()[1]);
    let sound = raw.first_change(&request);
    for (n, mutation) in Mutation::ALL.into_iter().enumerate() {
        let id = RequestId(raw.random());
        let forged = mutation.of(&sound).unwrap_or_else(|| panic!("{mutation:?} cannot be made"));
        let item = raw.change(id, &forged);
        // In one push with a sound one, which is accepted.
        let other = raw.request(&words()[2 + n]);
        let other_raw = raw.first_change(&other);
        let other_id = RequestId(raw.random());
        let beside = raw.change(other_id, &other_raw);
        let results = raw.push(vec![item, beside]).unwrap();
        assert_eq!(results[0], ItemResult::Rejected(mutation.code()), "{mutation:?}");
        assert!(matches!(results[1], ItemResult::Ok { .. }), "beside {mutation:?}: {:?}", results[1]);
    }
    let classes = Mutation::ALL.len();
    assert_eq!(world.server.records().len(), classes, "only the sound ones are there");
    assert_eq!(
        world.server.number("select count(*) from quarantine"),
        classes as i64,
        "each refused one is kept for a person"
    );
    let log = world.log();
    for mutation in Mutation::ALL {
        let code = mutation.code();
        let lines = Mutation::ALL.iter().filter(|m| m.code() == code).count();
        let logged = |line: &&str| line.contains("an item was refused") && line.contains(&format!("{code:?}"));
        assert!(log.lines().filter(logged).count() >= lines, "{mutation:?} is logged with its code:\n{log}");
    }
    // Without what was in it.
    let told = words()[1].text.chars().take(24).collect::<String>();
    assert!(!log.contains(&told), "{log}");
    goes_on(&world, &honest, 11);
}

#[test]
fn a_later_change_must_follow_from_what_was_there() {
    let (world, honest, mut raw) = world();
    let request = raw.request(&words()[3]);
    let actor = raw.actor();
    let (mut document, first) = Document::create(actor, &request).unwrap();
    let id = RequestId(raw.random());
    let second = document.edit(actor, request.at + 1_000, &[Edit::Title("İkinci".into())]).unwrap().unwrap();

    // Before what it builds on: the server says so and queues nothing.
    let early = raw.change(id, &second.raw);
    assert_eq!(raw.push_one(early), ItemResult::MissingDeps);
    let first_item = raw.change(id, &first.raw);
    let accepted = raw.push_one(first_item.clone());
    assert!(matches!(accepted, ItemResult::Ok { .. }), "{accepted:?}");
    assert_eq!(raw.push_one(first_item), accepted, "doubled, it has the same place and proof");

    // Another sequence, another predecessor, a number used twice, a second beginning.
    let forged = |alter: &dyn Fn(&mut Forge)| {
        let mut forge = Forge::of(&second.raw).unwrap();
        alter(&mut forge);
        forge.bytes()
    };
    for (what, code, bytes) in [
        ("sequence", Code::BadHistory, forged(&|f| f.seq = 5)),
        ("first operation", Code::BadHistory, forged(&|f| f.start_op += 3)),
        ("predecessor", Code::BadHistory, forged(&|f| f.op("title").preds = vec![(1, 0)])),
        ("no predecessor", Code::BadHistory, forged(&|f| f.op("title").preds.clear())),
        ("a status", Code::UnknownKey, forged(&|f| f.op("title").key = "status".into())),
    ] {
        let item = raw.change(id, &bytes);
        assert_eq!(raw.push_one(item), ItemResult::Rejected(code), "{what}");
    }
    let second_item = raw.change(id, &second.raw);
    assert!(matches!(raw.push_one(second_item), ItemResult::Ok { .. }));
    let fork = forged(&|f| f.op("title").raw = "Çatal".as_bytes().to_vec());
    let fork = raw.change(id, &fork);
    assert_eq!(raw.push_one(fork), ItemResult::Fork, "two tablets with one identity");
    let beginning = raw.first_change(&request);
    let beginning = raw.change(id, &beginning);
    assert_eq!(raw.push_one(beginning), ItemResult::Begun);

    let record = world.server.record(id);
    assert_eq!((record.changes, record.title.as_str()), (2, "İkinci"));
    goes_on(&world, &honest, 12);
}

#[test]
fn a_tablet_reaches_nothing_of_another_muhtarlik() {
    let (world, honest, mut raw) = world();
    let filed = honest.file(&New::of(&words()[5]).at(RASIMPASA_PLACE).with_photos([new_photo(505, 20)])).unwrap();
    honest.settle();
    let (id, photo) = (filed.row.id, filed.photos[0].hash);
    let record = world.server.record(id);

    // Its document, its thread, its status by way of an intent.
    let request = raw.request(&words()[6]);
    let takeover = raw.first_change(&request);
    let takeover = raw.change(id, &takeover);
    assert_eq!(raw.push_one(takeover), ItemResult::Rejected(Code::ForeignRequest));
    let entry = mbs_shared::wire::entry::Entry {
        id: mbs_shared::id::EntryId(raw.random()),
        kind: mbs_shared::wire::entry::EntryKind::Withdraw,
        text: String::new(),
        at: request.at,
        photos: Vec::new(),
    };
    let entry = raw.item(ItemKind::Entry, id, mbs_shared::pack::pack(&encode(&entry)));
    assert_eq!(raw.push_one(entry), ItemResult::Rejected(Code::ForeignRequest));

    // In another tablet's name.
    let foreign = raw.foreign_actor();
    let in_name = Document::create(foreign, &request).unwrap().1.raw;
    let other_id = RequestId(raw.random());
    let in_name = raw.change(other_id, &in_name);
    assert_eq!(raw.push_one(in_name), ItemResult::Rejected(Code::ForeignActor));

    // Its photo: knowing the hash grants neither download nor attachment.
    assert_eq!(raw.get_photo(photo).unwrap_err(), (404, Some(Code::NotFound)));
    let bytes = world.server.photo(photo);
    assert_eq!(raw.put_photo(photo, id, bytes.len(), &bytes).unwrap_err().1, Some(Code::UnknownBlob));
    let mut mine = raw.request(&words()[7]);
    mine.blobs.push(BlobRef {
        hash: photo,
        kind: BlobKind::Photo,
        size: u32::try_from(bytes.len()).unwrap(),
        width: 9,
        height: 9,
    });
    let refers = raw.first_change(&mine);
    let my_id = RequestId(raw.random());
    let refers = raw.change(my_id, &refers);
    assert!(matches!(raw.push_one(refers), ItemResult::Ok { .. }));
    assert_eq!(raw.get_photo(photo).unwrap_err(), (404, Some(Code::NotFound)), "referring to it does not show it");
    let empty = raw.put_photo(photo, my_id, bytes.len(), &[]).unwrap();
    assert!(!empty.done, "nor is it attached without its bytes");
    assert_eq!(world.server.record(my_id).here, 0);
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(raw.put_photo(photo, my_id, other.len(), &other).unwrap_err().1, Some(Code::HashMismatch));

    assert_eq!(world.server.record(id), record, "the request is as it was");
    assert_eq!(honest.sync().quarantined, 0);
    assert_eq!(honest.request(id).row.state, filed_state(&world, id));
    goes_on(&world, &honest, 13);
}

fn filed_state(world: &World, id: RequestId) -> Option<mbs_shared::routing::State> {
    let state = world.triage().open(id).unwrap()["row"]["state"].as_str().unwrap().to_owned();
    mbs_shared::routing::State::from_code(&state)
}

#[test]
fn oversized_and_malformed_pushes_are_refused() {
    let (world, honest, mut raw) = world();
    let code = |r: Result<mbs_shared::wire::sync::SyncReply, mbs_tests::raw::Refused>| r.unwrap_err();
    assert_eq!(code(raw.push_bytes(b"not a frame".to_vec())), (400, Some(Code::Malformed)));
    assert_eq!(code(raw.push_bytes(Vec::new())), (400, Some(Code::Malformed)));
    // It is refused before it is read: where that breaks the line before the answer is read, ask again.
    let too_large = std::iter::repeat_with(|| code(raw.push_bytes(vec![0; MAX_FRAME + 1]))).take(20).find(|r| r.0 != 0);
    assert_eq!(too_large, Some((413, Some(Code::TooLarge))));
    let request = raw.request(&words()[8]);
    let sound = raw.first_change(&request);
    let mut trailing = encode(&raw.frame(Vec::new()));
    trailing.push(0);
    assert_eq!(code(raw.push_bytes(trailing)), (400, Some(Code::Malformed)));
    let items = (0..=MAX_ITEMS)
        .map(|_| {
            let id = RequestId(raw.random());
            raw.change(id, &sound)
        })
        .collect();
    assert_eq!(raw.push(items).unwrap_err().1, Some(Code::TooMany));
    let mut newer = raw.frame(Vec::new());
    newer.version = 99;
    assert_eq!(code(raw.push_bytes(encode(&newer))), (426, Some(Code::AppTooNew)));

    // Items that are no items: each on its own, the sound one beside them is taken.
    let bomb = mbs_shared::pack::pack(&vec![b' '; 1_000_000]);
    let id = RequestId(raw.random());
    let items = vec![
        raw.item(ItemKind::Change, RequestId([1; 16]), bomb),
        raw.item(ItemKind::Change, RequestId([2; 16]), vec![99, 9, 9]),
        raw.item(ItemKind::Change, RequestId([3; 16]), Vec::new()),
        raw.item(ItemKind::Entry, RequestId([4; 16]), mbs_shared::pack::pack(b"no entry")),
        raw.change(id, &sound),
    ];
    let results = raw.push(items).unwrap();
    assert_eq!(results[0], ItemResult::Rejected(Code::TooLarge));
    for result in &results[1..4] {
        assert_eq!(*result, ItemResult::Rejected(Code::Malformed));
    }
    assert!(matches!(results[4], ItemResult::Ok { .. }));

    // Photos that are too large, or that no request refers to.
    let large = vec![1; MAX_BYTES as usize + 1];
    let put = || raw.put_photo(name_of(&large), id, large.len(), &large).unwrap_err();
    assert_eq!(std::iter::repeat_with(put).take(20).find(|r| r.0 != 0), Some((413, Some(Code::TooLarge))));
    let photo = new_photo(77, 5);
    assert_eq!(raw.put_photo(name_of(&photo), id, photo.len(), &photo).unwrap_err().1, Some(Code::UnknownBlob));

    // Without a token, or with a wrong one: nothing, and the tablet keeps everything.
    let mut stranger = RawTablet::enrol(&world.url(), &world.server.enrol_code(CAFERAGA), 66);
    stranger.identity.token = [9; 32];
    let item = stranger.change(RequestId([5; 16]), &sound);
    assert_eq!(stranger.push(vec![item]).unwrap_err(), (401, Some(Code::UnknownDevice)));
    assert_eq!(world.server.records().len(), 1);
    goes_on(&world, &honest, 14);
}

#[test]
fn hostile_photos_are_refused_or_cleaned_and_the_words_are_kept() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let manifest: serde_json::Value = serde_json::from_slice(&fixture_bytes("manifest.json")).unwrap();
    let hostile: Vec<_> = manifest["files"].as_array().unwrap().iter().filter(|f| f["kind"] == "hostile").collect();
    assert_eq!(
        hostile.len(),
        std::fs::read_dir(fixture("hostile")).unwrap().count(),
        "every fixture is in the manifest"
    );
    let mut refused = 0;
    for file in &hostile {
        let (name, expect) = (file["file"].as_str().unwrap(), file["expect"].as_str().unwrap());
        let bytes = fixture_bytes(name);
        let draft = tablet.draft(&New::of(&words()[20]).at(RASIMPASA_PLACE)).unwrap();
        let id = draft.row.id;
        match tablet.add_photo(id, 1, &bytes) {
            Ok(request) => {
                assert!(
                    !expect.starts_with("reddet") || expect.contains("ya da"),
                    "{name} was taken; wanted: {expect}"
                );
                let kept = tablet.photo(request.photos[0].hash);
                clean(name, &kept);
                assert_ne!(bytes, kept, "{name} is made anew");
            }
            Err(error) => {
                assert!(!expect.starts_with("geçerli"), "{name} was refused ({error}); wanted: {expect}");
                let codes = [TabletCode::PhotoUnreadable, TabletCode::PhotoTooLarge, TabletCode::PhotoHeic];
                assert!(codes.contains(&error.code), "{name}: {error}");
                refused += 1;
            }
        }
        // Words and place are kept, and go out with whatever photo there is.
        let sent: Request = tablet.call(Call::Send { id }).unwrap();
        assert_eq!(sent.desc, words()[20].text, "{name}");
        assert_eq!(sent.row.transport, Transport::Queued, "{name}");
    }
    tablet.settle();
    println!("{} hostile files: {refused} refused, {} cleaned", hostile.len(), hostile.len() - refused);
    assert!(refused > hostile.len() / 2);
    assert_eq!(world.server.records().len(), hostile.len());
    for record in world.server.records() {
        assert_eq!(record.here, record.photos, "{record:?}");
    }
    for path in world.server.files().into_values() {
        clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
}

/// A tablet that obeys nobody sends them as they are: what is no plain JPEG has no place on the server.
#[test]
fn hostile_photos_are_refused_by_the_server_too() {
    let (world, honest, mut raw) = world();
    let manifest: serde_json::Value = serde_json::from_slice(&fixture_bytes("manifest.json")).unwrap();
    let hostile = manifest["files"].as_array().unwrap().iter().filter(|f| f["kind"] == "hostile");
    let (mut refused, mut all) = (0, 0);
    for file in hostile {
        let name = file["file"].as_str().unwrap();
        let bytes = fixture_bytes(name);
        let size = u32::try_from(bytes.len()).unwrap().clamp(1, MAX_BYTES);
        let mut request = raw.request(&words()[30]);
        request.blobs.push(BlobRef { hash: name_of(&bytes), kind: BlobKind::Photo, size, width: 640, height: 480 });
        let first = raw.first_change(&request);
        let id = RequestId(raw.random());
        let first = raw.change(id, &first);
        assert!(matches!(raw.push_one(first), ItemResult::Ok { .. }), "{name}");
        let put = || raw.put_photo(name_of(&bytes), id, bytes.len(), &bytes);
        // One that is far too large is refused before it is read: ask until the answer is.
        let answer = std::iter::repeat_with(put).take(20).find(|r| !matches!(r, Err((0, _)))).unwrap();
        all += 1;
        match answer.map(|status| status.done) {
            Ok(false) if bytes.is_empty() => {}
            Err((_, Some(Code::BadValue | Code::TooLarge))) => refused += 1,
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(world.server.record(id).here, 0, "{name}");
    }
    println!("{all} hostile files sent as they are: {refused} refused");
    assert!(world.server.files().is_empty(), "nothing of them is stored");
    assert!(world.log().matches("a photo was refused").count() > all / 2, "each is logged");
    goes_on(&world, &honest, 15);
}

/// A plain JPEG: whole, small enough, without metadata, comments or anything behind its end.
fn clean(name: &str, bytes: &[u8]) {
    assert!(bytes.len() <= MAX_BYTES as usize, "{name}: {} B", bytes.len());
    assert!(bytes.starts_with(&[0xff, 0xd8]) && bytes.ends_with(&[0xff, 0xd9]), "{name} is one JPEG");
    image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).unwrap_or_else(|e| panic!("{name}: {e}"));
    for trace in [b"Exif".as_slice(), b"<html", b"<script", b"<?xml", b"PK\x03\x04", b"http://ns.adobe.com"] {
        assert!(
            !bytes.windows(trace.len()).any(|w| w == trace),
            "{name} still carries {}",
            String::from_utf8_lossy(trace)
        );
    }
}
