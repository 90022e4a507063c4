//! Photos: whole, cut and resumed, refused, and who may see them.

use crate::common::*;
use mbs_server::blob_store::Key;
use mbs_server::handlers::blob::{Put, Slice, get, put, put_thumb};
use mbs_shared::blob::{BlobKind, BlobRef, name_of};
use mbs_shared::id::RequestId;
use mbs_shared::ogg;
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::RowBody;

fn slice(photo: &BlobRef, request: RequestId, offset: u32) -> Slice {
    Slice { hash: photo.hash, request, offset, size: photo.size }
}

const fn taken(photo: &BlobRef, have: u32, done: bool) -> Put {
    Put::Taken(BlobStatus::of(photo.hash, have, done))
}

async fn filed_with(tablet: &mut Tablet, photos: &[BlobRef]) -> RequestId {
    let mut words = tablet.words("yol.cukur");
    words.blobs = photos.to_vec();
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    id
}

#[tokio::test]
async fn a_whole_photo_goes_to_the_store_and_everyone_hears() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, photo) = photo(1, 300_000);
    let id = filed_with(&mut tablet, &[photo]).await;
    assert_eq!((town.head(id).blobs, town.head(id).here), (1, 0));
    let all = slice(&photo, id, 0);
    assert_eq!(put(&town.service, &tablet.caller, all, bytes.clone()).await.unwrap(), taken(&photo, 300_000, true));
    assert_eq!(town.head(id).here, 1);
    let reply = tablet.sync(Vec::new()).await;
    assert!(reply.rows.iter().any(|r| matches!(r.body, RowBody::Blob { hash } if hash == photo.hash)));
    assert_eq!(get(&town.service, &tablet.caller, Key::Full(photo.hash), 0).await.unwrap(), bytes);
    assert_eq!(get(&town.service, &tablet.caller, Key::Full(photo.hash), 299_000).await.unwrap(), bytes[299_000..]);
    let beyond = get(&town.service, &tablet.caller, Key::Full(photo.hash), 300_001).await.unwrap_err();
    assert_eq!(beyond.code, Code::BadOffset);
    // Sent again, it is simply there.
    assert_eq!(put(&town.service, &tablet.caller, all, bytes).await.unwrap(), taken(&photo, 300_000, true));
    assert_eq!((town.head(id).here, town.count("select count(*) from feed where kind = 3")), (1, 1));
}

#[tokio::test]
async fn a_cut_photo_goes_on_where_it_ended_also_after_a_restart() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, photo) = photo(2, 100_000);
    let id = filed_with(&mut tablet, &[photo]).await;
    let send = async |town: &Town, tablet: &Tablet, from: usize, to: usize| {
        let at = slice(&photo, id, u32::try_from(from).unwrap());
        put(&town.service, &tablet.caller, at, bytes[from..to].to_vec()).await
    };
    assert_eq!(send(&town, &tablet, 0, 16_384).await.unwrap(), taken(&photo, 16_384, false));
    assert_eq!(send(&town, &tablet, 16_384, 20_000).await.unwrap(), taken(&photo, 20_000, false));
    // The answer was lost: the same slice again, and one that leaves a hole.
    let here = Put::Elsewhere(BlobStatus::of(photo.hash, 20_000, false));
    assert_eq!(send(&town, &tablet, 16_384, 20_000).await.unwrap(), here);
    assert_eq!(send(&town, &tablet, 30_000, 40_000).await.unwrap(), here);
    // An empty slice asks how much is there.
    assert_eq!(send(&town, &tablet, 20_000, 20_000).await.unwrap(), taken(&photo, 20_000, false));

    let town = town.restarted();
    let tablet = tablet.again(&town);
    assert_eq!(send(&town, &tablet, 20_000, 60_000).await.unwrap(), taken(&photo, 60_000, false));
    assert_eq!(send(&town, &tablet, 60_000, 100_000).await.unwrap(), taken(&photo, 100_000, true));
    assert_eq!(get(&town.service, &tablet.caller, Key::Full(photo.hash), 0).await.unwrap(), bytes);
    assert_eq!(town.count("select count(*) from blob_chunk"), 0);
}

#[tokio::test]
async fn bytes_that_are_not_their_name_are_dropped() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, photo) = photo(3, 50_000);
    let id = filed_with(&mut tablet, &[photo]).await;
    let mut wrong = bytes.clone();
    wrong[7] ^= 1;
    let whole = put(&town.service, &tablet.caller, slice(&photo, id, 0), wrong.clone()).await;
    assert_eq!(whole.unwrap_err().code, Code::HashMismatch);
    put(&town.service, &tablet.caller, slice(&photo, id, 0), wrong[..20_000].to_vec()).await.unwrap();
    let end = put(&town.service, &tablet.caller, slice(&photo, id, 20_000), bytes[20_000..].to_vec()).await;
    assert_eq!(end.unwrap_err().code, Code::HashMismatch);
    assert!(!town.service.store.has(Key::Full(photo.hash)).unwrap());
    // It begins anew.
    let begun = put(&town.service, &tablet.caller, slice(&photo, id, 0), bytes[..20_000].to_vec()).await;
    assert_eq!(begun.unwrap(), taken(&photo, 20_000, false));
}

#[tokio::test]
async fn only_what_a_request_of_ones_own_refers_to_is_taken() {
    let town = Town::new();
    let mut own = town.tablet("kadikoy-rasimpasa").await;
    let other = town.tablet("besiktas-bebek").await;
    let (bytes, wanted) = photo(4, 1_000);
    let (unknown_bytes, unknown) = photo(5, 1_000);
    let id = filed_with(&mut own, &[wanted]).await;
    let code = async |tablet: &Tablet, slice: Slice, bytes: &[u8]| {
        put(&town.service, &tablet.caller, slice, bytes.to_vec()).await.unwrap_err().code
    };
    assert_eq!(code(&own, slice(&unknown, id, 0), &unknown_bytes).await, Code::UnknownBlob);
    assert_eq!(code(&own, slice(&wanted, RequestId([1; 16]), 0), &bytes).await, Code::UnknownBlob);
    assert_eq!(code(&other, slice(&wanted, id, 0), &bytes).await, Code::UnknownBlob);
    let other_size = Slice { size: 1_001, ..slice(&wanted, id, 0) };
    assert_eq!(code(&own, other_size, &bytes).await, Code::BadValue);
    let large = Slice { size: 400 * 1024 + 1, ..slice(&wanted, id, 0) };
    assert_eq!(code(&own, large, &bytes).await, Code::TooLarge);
    assert_eq!(code(&own, slice(&wanted, id, 900), &bytes).await, Code::BadInput);
}

#[tokio::test]
async fn knowing_a_name_gives_nothing() {
    let town = Town::new();
    let mut own = town.tablet("kadikoy-rasimpasa").await;
    let mut other = town.tablet("besiktas-bebek").await;
    let (bytes, secret) = photo(6, 1_000);
    let id = filed_with(&mut own, &[secret]).await;
    put(&town.service, &own.caller, slice(&secret, id, 0), bytes.clone()).await.unwrap();
    let key = Key::Full(secret.hash);
    assert_eq!(get(&town.service, &other.caller, key, 0).await.unwrap_err().code, Code::NotFound);

    // A request that refers to it is not enough, and neither is a part of it.
    let theirs = filed_with(&mut other, &[secret]).await;
    let begun = put(&town.service, &other.caller, slice(&secret, theirs, 0), bytes[..500].to_vec()).await;
    assert_eq!(begun.unwrap(), taken(&secret, 500, false));
    assert_eq!(get(&town.service, &other.caller, key, 0).await.unwrap_err().code, Code::NotFound);
    let thumb = put_thumb(&town.service, &other.caller, secret.hash, theirs, photo(7, 200).0).await;
    assert!(thumb.unwrap().done);
    let key_thumb = Key::Thumb(secret.hash);
    assert_eq!(get(&town.service, &other.caller, key_thumb, 0).await.unwrap_err().code, Code::NotFound);
    // Who sends all of it has it.
    put(&town.service, &other.caller, slice(&secret, theirs, 500), bytes[500..].to_vec()).await.unwrap();
    assert_eq!(get(&town.service, &other.caller, key, 0).await.unwrap(), bytes);
    // Who reads it already need not send it for the next request.
    let next = filed_with(&mut own, &[secret]).await;
    let again = put(&town.service, &own.caller, slice(&secret, next, 0), Vec::new()).await;
    assert_eq!(again.unwrap(), taken(&secret, 1_000, true));
    assert_eq!(town.head(next).here, 1);
}

#[tokio::test]
async fn a_photo_of_an_entry_is_taken_too() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let (bytes, photo) = photo(7, 2_000);
    let entry = Entry {
        id: mbs_shared::id::EntryId([3; 16]),
        kind: EntryKind::Add,
        text: "Bir fotoğraf daha.".into(),
        at: MORNING,
        photos: vec![photo.hash],
    };
    ok(&tablet.push(entry_item(id, &entry)).await);
    let sent = put(&town.service, &tablet.caller, slice(&photo, id, 0), bytes).await;
    assert_eq!(sent.unwrap(), taken(&photo, 2_000, true));
}

#[tokio::test]
async fn a_preview_comes_before_its_photo() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, photo) = photo(8, 2_000);
    let id = filed_with(&mut tablet, &[photo]).await;
    let thumb = |bytes: Vec<u8>| put_thumb(&town.service, &tablet.caller, photo.hash, id, bytes);
    assert_eq!(thumb(b"GIF89a".to_vec()).await.unwrap_err().code, Code::BadValue);
    let (large, _) = super::common::photo(9, 24 * 1024 + 1);
    assert_eq!(thumb(large).await.unwrap_err().code, Code::TooLarge);
    let (small, _) = super::common::photo(9, 300);
    assert!(thumb(small.clone()).await.unwrap().done);
    put(&town.service, &tablet.caller, slice(&photo, id, 0), bytes).await.unwrap();
    assert_eq!(get(&town.service, &tablet.caller, Key::Thumb(photo.hash), 0).await.unwrap(), small);
    let rid = town.head(id).rid;
    let whole = town.service.db.ask(|s| mbs_server::database::blobs::of_request(s, rid)).unwrap();
    assert_eq!(whole, [(photo.hash, 2_000, true)]);
}

#[tokio::test]
async fn a_voice_note_is_kept_when_it_is_what_the_request_says() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let recorded = include_bytes!("../../../tests/fixtures/voice/cukur.ogg");
    let (bytes, seconds) = ogg::plain(recorded).unwrap();
    let voice = |bytes: &[u8], width| BlobRef {
        hash: name_of(bytes),
        kind: BlobKind::Voice,
        size: u32::try_from(bytes.len()).unwrap(),
        width,
        height: 0,
    };
    let note = voice(&bytes, seconds);
    let id = filed_with(&mut tablet, &[note]).await;
    let size = note.size;
    // In slices, as over a bad line.
    let half = size / 2;
    let first = put(&town.service, &tablet.caller, slice(&note, id, 0), bytes[..half as usize].to_vec()).await;
    assert_eq!(first.unwrap(), taken(&note, half, false));
    let rest = put(&town.service, &tablet.caller, slice(&note, id, half), bytes[half as usize..].to_vec()).await;
    assert_eq!(rest.unwrap(), taken(&note, size, true));
    assert_eq!(town.head(id).here, 1);
    assert_eq!(get(&town.service, &tablet.caller, Key::Full(note.hash), 0).await.unwrap(), bytes);

    // Another length than it has, comments in it, and what is no recording at all.
    for (bytes, seconds) in [(bytes.clone(), 9), (recorded.to_vec(), 10), (photo(1, 3_000).0, 10)] {
        let note = voice(&bytes, seconds);
        let id = filed_with(&mut tablet, &[note]).await;
        // The bytes of the first are here already; another muhtar's are looked at.
        let mut other = town.tablet("fatih-alemdar").await;
        let theirs = filed_with(&mut other, &[note]).await;
        let refused = put(&town.service, &other.caller, slice(&note, theirs, 0), bytes).await.unwrap_err();
        assert_eq!(refused.code, Code::BadValue);
        assert_eq!(town.head(id).here, 0);
    }
}
