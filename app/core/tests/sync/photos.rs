//! Photos: behind the words, and on from where they were cut.

use super::WORDS;
use super::support::{Fault, Line, Rig};
use mbs_shared::blob::name_of;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::routing::{Outcome, What, Who};
use mbs_shared::wire::blob::BlobStatus;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{self, Transport as Way};
use mbs_tablet::error::Code;
use mbs_tablet::ports::{Cut, HttpReply, HttpRequest, Transport};
use mbs_tablet::sync::{Effect, Event, Nudge};

#[test]
fn photos_go_after_words_previews_first_and_resume_where_they_were_cut() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    rig.add_photo(id, "generated/g-ist-02.jpg");
    let shown: view::Request = rig.call(Call::Send { id });
    let sizes: usize = shown.photos.iter().map(|p| p.size as usize).sum();
    // Words pass, previews pass, the first slice is cut after 5,000 bytes.
    rig.server().faults.extend([Fault::Pass, Fault::Pass, Fault::Pass, Fault::Partly(5_000)]);
    assert!(rig.sync().cut);
    let log = rig.server().log.clone();
    assert!(log[1].starts_with("/v1/sync") && log[2].contains("/thumb") && log[3].contains("/thumb"), "{log:?}");
    let summary = rig.sync();
    assert_eq!((summary.photos, summary.waiting), (2, 0));
    let thumbs: usize = shown.photos.iter().map(|p| rig.tablet.photo(p.hash, true).unwrap().unwrap().len()).sum();
    let server = rig.server();
    assert_eq!(server.blob_bytes, sizes + thumbs, "not one byte twice");
    for photo in &shown.photos {
        assert_eq!(rig.tablet.photo(photo.hash, false).unwrap().unwrap(), server.blobs[&photo.hash], "bit-equal");
    }
    drop(server);
    let shown = rig.show(id);
    assert!(shown.photos.iter().all(|p| p.delivered && p.sent == p.size));
    assert_eq!(shown.row.photos_delivered, 2);
}

/// A line that carries only so many bytes of a body.
struct Narrow(Line, usize);

impl Transport for Narrow {
    fn send(&mut self, request: HttpRequest) -> Result<HttpReply, Cut> {
        if request.body.len() > self.1 {
            let mut server = self.0.0.lock().unwrap();
            server.faults.push_front(Fault::Partly(self.1));
        }
        self.0.send(request)
    }
}

/// As a phone's background work is: begun anew for each try, and ended with it.
#[test]
fn a_process_that_ends_at_every_cut_comes_through_too() {
    let mut rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let size = rig.call::<view::Request>(Call::Send { id }).photos[0].size;
    rig.sync_over(&mut Narrow(Line(rig.server.clone()), 12_000));
    for tries in 1.. {
        if rig.status().waiting == 0 {
            break;
        }
        assert!(tries < 10 + size / 12_000, "it never arrives");
        rig = rig.pulled();
        rig.sync_over(&mut Narrow(Line(rig.server.clone()), 12_000));
    }
    assert!(rig.show(id).photos[0].delivered);
}

/// Seed 10003300 of the simulation, 2026-11-28: an upload's answer to an earlier process came under the same number, and
/// the photo was called whole that had never left.
#[test]
fn an_answer_about_another_photo_is_none() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    let mut line = Line(rig.server.clone());
    let mut event = Event::Nudge(Nudge::Now);
    let mut strayed = 0;
    while let Effect::Http(request) = rig.tablet.engine().step(rig.tablet.now(), event) {
        let ticket = request.ticket;
        let full = request.path.starts_with("/v1/blobs") && !request.path.ends_with("thumb");
        let reply = if full && strayed == 0 {
            strayed += 1;
            let body = mbs_shared::wire::encode(&BlobStatus::of(BlobHash([9; 32]), 400_000, true));
            HttpReply { status: 200, headers: Vec::new(), body }
        } else {
            line.send(request).unwrap()
        };
        event = Event::Reply(ticket, reply);
    }
    assert_eq!((strayed, rig.show(id).photos[0].delivered), (1, false));
    assert_eq!(rig.sync().waiting, 0);
    assert!(rig.show(id).photos[0].delivered && rig.server().whole.contains(&rig.show(id).photos[0].hash));
}

#[test]
fn new_words_pass_photos_that_are_under_way() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "real/jolla-8mp.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    let now = rig.tablet.now();
    let mut line = Line(rig.server.clone());
    let mut event = Event::Nudge(Nudge::Now);
    let mut second = None;
    let mut order = Vec::new();
    while let Effect::Http(request) = rig.tablet.engine().step(now, event) {
        order.push(request.path.clone());
        if request.path.starts_with("/v1/blobs") && !request.path.ends_with("thumb") && second.is_none() {
            second = Some(rig.send("acil"));
        }
        event = Event::Reply(request.ticket, line.send(request).unwrap());
    }
    let first_slice = order.iter().position(|p| p.starts_with("/v1/blobs") && !p.ends_with("thumb")).unwrap();
    assert_eq!(order[first_slice + 1], "/v1/sync", "{order:?}");
    assert_eq!(rig.show(second.unwrap()).row.transport, Way::Delivered);
}

/// Goes on by itself, as no person asks for it, until there is nothing to do now.
fn work(rig: &Rig) -> view::Mobile {
    let mut line = Line(rig.server.clone());
    let mut event = Event::Nudge(Nudge::Work);
    while let Effect::Http(request) = rig.tablet.engine().step(rig.tablet.now(), event) {
        event = Event::Reply(request.ticket, line.send(request).unwrap());
    }
    rig.status().mobile
}

fn on_line(rig: &Rig, metered: Option<bool>) {
    let _: view::Status = rig.call(Call::Line { online: true, metered });
}

fn limit(rig: &Rig, mb: Option<u32>) -> view::Mobile {
    rig.call::<view::Status>(Call::MobileLimit { mb }).mobile
}

#[test]
fn full_sizes_wait_for_wifi_where_a_muhtar_chose_so() {
    let rig = Rig::new();
    assert_eq!(limit(&rig, Some(0)).limit_mb, Some(0));
    on_line(&rig, Some(true));
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    let told = work(&rig);
    assert_eq!(told.held, 1);
    let photo = &rig.show(id).photos[0];
    let preview = rig.tablet.photo(photo.hash, true).unwrap().unwrap().len();
    assert_eq!(rig.server().blob_bytes, preview, "words and previews go");
    assert_eq!(told.today, preview as u64, "what goes over a paid line is counted");
    // A line of which nothing is known counts as free, and Wi-Fi is.
    on_line(&rig, Some(false));
    assert_eq!(work(&rig).held, 0);
    assert!(rig.show(id).photos[0].delivered);
    assert_eq!(rig.status().mobile.today, preview as u64);
}

#[test]
fn a_day_has_its_allowance_and_a_person_may_pass_it() {
    let rig = Rig::new();
    on_line(&rig, Some(true));
    limit(&rig, Some(1));
    let mut files: Vec<String> = (1..=6).map(|n| format!("generated/g-ist-0{n}.jpg")).collect();
    files.extend(["real/jolla-8mp.jpg", "real/zero-length-string-gps.jpg", "generated/g-12mp.jpg"].map(String::from));
    let mut ids = Vec::new();
    for three in files.chunks(3) {
        let id = rig.draft(WORDS);
        for name in three {
            rig.add_photo(id, name);
        }
        let _: view::Request = rig.call(Call::Send { id });
        ids.push(id);
    }
    let told = work(&rig);
    assert!(told.held > 0 && told.held < u32::try_from(files.len()).unwrap(), "{told:?}");
    assert!((990_000..=1_000_000).contains(&told.today), "{told:?}");
    // The same after the app was opened anew; tomorrow there is an allowance again.
    assert_eq!(work(&rig), told);
    rig.clock.pass(24 * 3_600_000);
    let tomorrow = work(&rig);
    assert!(tomorrow.held < told.held && tomorrow.today <= 1_000_000, "{tomorrow:?}");
    // "Send now" is for what waits, on this line.
    limit(&rig, Some(0));
    let _: view::Status = rig.call(Call::SyncNow);
    assert_eq!(work(&rig).held, 0);
    assert!(ids.iter().all(|id| rig.show(*id).photos.iter().all(|p| p.delivered)));
    let id = rig.draft("sonraki");
    rig.add_photo(id, "generated/g-cmyk.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    assert_eq!(work(&rig).held, 1, "the next one waits again");
}

/// The unit answers with photos of which some have a preview; the server keeps their bytes.
fn answered(rig: &Rig, photos: &[(&[u8], Option<&[u8]>)]) -> (RequestId, Vec<BlobHash>) {
    let id = rig.send(WORDS);
    rig.sync();
    let hashes: Vec<BlobHash> = photos.iter().map(|(bytes, _)| name_of(bytes)).collect();
    let mut server = rig.server();
    for (bytes, preview) in photos {
        server.proofs.insert(name_of(bytes), bytes.to_vec());
        server.previews.extend(preview.map(|preview| (name_of(bytes), preview.to_vec())));
    }
    let no = "2026-000001".parse().unwrap();
    server.decide(id, Who::System, What::Received { no, channel: None }, "");
    let outcome = Outcome::Done;
    server.decide(id, Who::Unit, What::Concluded { outcome, photos: hashes.clone(), parent: None }, "Yapıldı.");
    drop(server);
    (id, hashes)
}

fn fixture(name: &str) -> Vec<u8> {
    let original = std::fs::read(super::support::photos().join(name)).unwrap();
    mbs_tablet::capture::photo::shrink(&original, 1).unwrap().bytes
}

fn line(rig: &Rig, metered: bool) {
    let _: view::Status = rig.call(Call::Line { online: true, metered: Some(metered) });
}

fn answer_photos(rig: &Rig, id: RequestId) -> Vec<view::Photo> {
    rig.show(id).answer.unwrap().photos
}

#[test]
fn an_answer_s_photos_come_previews_first_and_in_full_where_nobody_pays() {
    let rig = Rig::new();
    let (first, second) = (fixture("generated/g-ist-01.jpg"), fixture("generated/g-ist-02.jpg"));
    let small = mbs_tablet::capture::photo::preview(&first).unwrap();
    let (id, hashes) = answered(&rig, &[(&first, Some(&small)), (&second, None)]);
    line(&rig, true);
    rig.sync();
    // Over a paid line only what has a preview is seen, and counted.
    let shown = answer_photos(&rig, id);
    assert_eq!(
        shown.iter().map(|p| (p.hash, p.here, p.thumb)).collect::<Vec<_>>(),
        [(hashes[0], false, true), (hashes[1], false, false)]
    );
    assert_eq!(rig.status().mobile.today, small.len() as u64);
    assert_eq!(rig.tablet.photo(hashes[0], true).unwrap().unwrap(), small);
    // A person opens the other one: it comes all the same, and is counted; its preview is made here.
    let wished: () = rig.call(Call::FetchPhoto { id, hash: hashes[1] });
    let () = wished;
    rig.sync();
    let shown = answer_photos(&rig, id);
    assert!(!shown[0].here && shown[1].here && shown[1].thumb, "{shown:?}");
    assert_eq!(rig.status().mobile.today, (small.len() + second.len()) as u64);
    assert_eq!(rig.tablet.photo(hashes[1], false).unwrap().unwrap(), second, "bit-equal");
    // Over Wi-Fi the rest comes by itself.
    line(&rig, false);
    rig.sync();
    assert!(answer_photos(&rig, id)[0].here);
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), first);
    let asked = rig.server().log.iter().filter(|path| path.contains(&format!("{}/thumb", hashes[1]))).count();
    assert_eq!(asked, 1, "a preview that is not there is asked for once");
    // They are encrypted as everything is, and survive the battery.
    let rig = rig.pulled();
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), first);
    let file = std::fs::read(rig.dir.path().join("mbs.db")).unwrap();
    assert!(!file.windows(64).any(|part| part == &first[first.len() / 2..first.len() / 2 + 64]));
    // Once it is closed the previews stay; the full sizes come again when somebody opens them.
    rig.server().decide(id, Who::System, What::Closed { confirmed: false }, "");
    rig.sync();
    assert!(answer_photos(&rig, id).iter().all(|photo| photo.thumb && !photo.here));
    let () = rig.call(Call::FetchPhoto { id, hash: hashes[0] });
    rig.sync();
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), first);
    // Nobody else's photo can be wished for, and with the request its answer's go.
    let strange = rig.tablet.call(Call::FetchPhoto { id, hash: BlobHash([7; 32]) });
    assert_eq!(strange.unwrap_err().code, Code::NotFound);
    rig.server().publish(id, mbs_shared::wire::sync::RowBody::Erased);
    rig.sync();
    assert_eq!(rig.tablet.photo(hashes[0], true).unwrap(), None);
}

#[test]
fn an_answer_s_photo_that_the_server_has_lost_keeps_nothing_else_waiting() {
    let rig = Rig::new();
    let first = fixture("generated/g-ist-01.jpg");
    let (id, hashes) = answered(&rig, &[(&first, None)]);
    line(&rig, true);
    rig.sync();
    rig.server().lost_photos = true;
    let () = rig.call(Call::FetchPhoto { id, hash: hashes[0] });
    let own = rig.draft("Bir başka çukur");
    rig.add_photo(own, "generated/g-ist-02.jpg");
    let _: view::Request = rig.call(Call::Send { id: own });
    for _ in 0..4 {
        rig.sync();
        rig.clock.pass(10 * 60_000);
    }
    assert!(rig.show(own).photos[0].delivered);
    // It is there again, and wanted again.
    rig.server().lost_photos = false;
    let () = rig.call(Call::FetchPhoto { id, hash: hashes[0] });
    rig.sync();
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), first);
}

/// Loses every second question about a photo.
struct Ragged(Line, u32);

impl Transport for Ragged {
    fn send(&mut self, request: HttpRequest) -> Result<HttpReply, Cut> {
        let photo = request.path.starts_with("/v1/blobs/");
        self.1 += u32::from(photo);
        if photo && self.1.is_multiple_of(2) { Err(Cut("cut".into())) } else { self.0.send(request) }
    }
}

#[test]
fn an_answer_s_photo_comes_in_slices_and_what_is_not_it_is_not_kept() {
    let rig = Rig::new();
    let photo = fixture("real/jolla-8mp.jpg");
    let (id, hashes) = answered(&rig, &[(&photo, None)]);
    let mut ragged = Ragged(Line(rig.server.clone()), 0);
    for _ in 0..200 {
        if rig.show(id).answer.is_some_and(|answer| answer.photos[0].here) {
            break;
        }
        rig.sync_over(&mut ragged);
    }
    let asked: Vec<String> = rig.server().log.iter().filter(|path| path.contains("/v1/blobs/")).cloned().collect();
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), photo, "{asked:?}");
    assert!(asked.len() > 3, "in slices: {asked:?}");
    // Other bytes under its name.
    let rig = Rig::new();
    let (id, hashes) = answered(&rig, &[(&photo, None)]);
    rig.server().proofs.insert(hashes[0], fixture("generated/g-ist-03.jpg"));
    rig.sync();
    assert!(answer_photos(&rig, id).iter().all(|p| !p.here && !p.thumb));
}
