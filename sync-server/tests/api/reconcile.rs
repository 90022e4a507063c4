//! Digests, `POST /v1/reconcile`, and a server that lost what its tablets hold.

use crate::common::*;
use mbs_server::database::feed::kind;
use mbs_server::handlers::desk::view::Role;
use mbs_server::handlers::reconcile::reconcile;
use mbs_server::routing::decide::Command;
use mbs_server::routing::thread;
use mbs_shared::digest::Digest;
use mbs_shared::id::{EntryId, Mac, RequestId};
use mbs_shared::pack::{pack, unpack};
use mbs_shared::routing::{Action, State, Who};
use mbs_shared::wire::encode;
use mbs_shared::wire::entry::{Entry, EntryKind, Stamp};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::reconcile::{Known, ReconcileReply, ReconcileRequest};
use mbs_shared::wire::sync::{Decided, Item, ItemKind, ItemResult, Past, Row, RowBody};

/// What a tablet holds of one request: the rows as they came down.
fn proof(row: &Row) -> Option<&Mac> {
    match &row.body {
        RowBody::Change { mac, .. } | RowBody::Entry { mac, .. } | RowBody::Event(Decided { mac, .. }) => Some(mac),
        RowBody::Blob { .. } | RowBody::Erased => None,
    }
}

fn digest(rows: &[Row]) -> Digest {
    rows.iter().filter_map(proof).collect()
}

fn ask(tablet: &Tablet, after: Option<RequestId>, requests: Vec<Known>, last: bool) -> ReconcileReply {
    let frame = ReconcileRequest { version: 1, page: 8_192, after, requests, last };
    reconcile(&tablet.service, &tablet.caller, &encode(&frame)).unwrap()
}

/// Everything of a muhtarlık, as a new tablet gets it.
fn rows(tablet: &Tablet) -> Vec<Row> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let reply = ask(tablet, after, Vec::new(), true);
        rows.extend(reply.rows);
        after = reply.through;
        if after.is_none() {
            return rows;
        }
    }
}

fn known(rows: &[Row]) -> Vec<Known> {
    let mut ids: Vec<RequestId> = rows.iter().map(|r| r.request).collect();
    ids.sort();
    ids.dedup();
    let of = |id| rows.iter().filter(|r| r.request == id).cloned().collect::<Vec<_>>();
    ids.iter().map(|id| Known { request: *id, digest: digest(&of(*id)), photos: Vec::new() }).collect()
}

#[tokio::test]
async fn a_quiet_poll_tells_whether_the_digests_differ() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    for _ in 0..3 {
        tablet.filed("yol.cukur").await;
    }
    let digest = digest(&rows(&tablet));
    let poll = |tablet: &Tablet, digest| {
        let mut frame = tablet.frame(Vec::new());
        frame.digest = digest;
        frame
    };
    assert_eq!(tablet.send(&poll(&tablet, Some(digest))).await.unwrap().differs, None);
    assert_eq!(tablet.send(&poll(&tablet, None)).await.unwrap().differs, None);
    assert_eq!(tablet.send(&poll(&tablet, Some(Digest(digest.0 ^ 1)))).await.unwrap().differs, Some(true));
    // With what came since; and not while something new comes down.
    let mut other = town.tablet("kadikoy-rasimpasa").await;
    other.filed("yol.cukur").await;
    let news = tablet.send(&poll(&tablet, Some(Digest(7)))).await.unwrap();
    assert!(!news.rows.is_empty() && news.differs.is_none());
    tablet.cursor = news.cursor;
    let all = self::digest(&rows(&tablet));
    assert_eq!(tablet.send(&poll(&tablet, Some(digest))).await.unwrap().differs, Some(true));
    assert_eq!(tablet.send(&poll(&tablet, Some(all))).await.unwrap().differs, None);
}

#[tokio::test]
async fn equal_replicas_exchange_nothing_and_a_difference_comes_whole() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    for _ in 0..40 {
        tablet.filed("yol.cukur").await;
    }
    let here = rows(&tablet);
    let mut known = known(&here);
    assert_eq!(known.len(), 40);
    let equal = ask(&tablet, None, known.clone(), true);
    assert!(equal.differs.is_empty() && equal.rows.is_empty() && equal.through.is_none());
    let up = encode(&ReconcileRequest { version: 1, page: 8_192, after: None, requests: known.clone(), last: true });
    assert!(up.len() < 40 * 30, "{} bytes for 40 requests", up.len());

    // One differs, one is unknown to the tablet, one to the server.
    known[3].digest.0 ^= 1;
    let missing = known.remove(7).request;
    let strange = RequestId([0xff; 16]);
    known.push(Known { request: strange, digest: Digest(5), photos: vec![9] });
    let reply = ask(&tablet, None, known.clone(), true);
    assert_eq!(reply.differs, [known[3].request, missing, strange]);
    let whole = |id| here.iter().filter(|r| r.request == id).count();
    assert_eq!(reply.rows.len(), whole(known[3].request) + whole(missing));
    assert_eq!(reply.lost.len(), 1, "{:?}", reply.lost);

    // Page by page it is the same.
    let mut differs = Vec::new();
    let mut after = None;
    for (n, page) in known.chunks(9).enumerate() {
        let last = n == known.len().div_ceil(9) - 1;
        let reply = ask(&tablet, after, page.to_vec(), last);
        assert_eq!(reply.through, if last { None } else { page.last().map(|k| k.request) });
        differs.extend(reply.differs);
        after = reply.through;
    }
    assert_eq!(differs, [known[3].request, missing, strange]);
}

#[tokio::test]
async fn frames_that_are_none_are_refused() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let one = |n: u8| Known { request: RequestId([n; 16]), digest: Digest(0), photos: Vec::new() };
    let code = |frame: &ReconcileRequest| reconcile(&town.service, &tablet.caller, &encode(frame)).unwrap_err().code;
    let frame = |requests| ReconcileRequest { version: 1, page: 8_192, after: None, requests, last: true };
    assert_eq!(code(&frame(vec![one(2), one(1)])), Code::Malformed);
    assert_eq!(code(&frame(vec![one(1), one(1)])), Code::Malformed);
    assert_eq!(code(&ReconcileRequest { after: Some(RequestId([3; 16])), ..frame(vec![one(2)]) }), Code::Malformed);
    assert_eq!(code(&ReconcileRequest { version: 9, ..frame(vec![]) }), Code::AppTooNew);
    let many = (0..=256_u32).map(|n| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Known { request: RequestId(id), digest: Digest(0), photos: Vec::new() }
    });
    assert_eq!(code(&frame(many.collect())), Code::TooMany);
    assert_eq!(reconcile(&town.service, &tablet.caller, b"\x85").unwrap_err().code, Code::Malformed);
}

/// What a tablet offers again: the change with the events, then the entries.
fn offers(rows: &[Row]) -> Vec<Item> {
    let mut events = Vec::new();
    let mut items: Vec<Item> = Vec::new();
    for row in rows {
        let item = |kind, packed: &[u8], mac: Mac, past| Item {
            kind,
            request: row.request,
            packed: packed.to_vec().into(),
            count: 0,
            mac: Some(mac),
            past,
        };
        match &row.body {
            RowBody::Change { packed, mac } => items.push(item(ItemKind::Change, packed, *mac, None)),
            RowBody::Entry { packed, stamp, mac } => {
                let stamp = Some(stamp.clone()).filter(|s| !s.author.is_empty());
                let past = stamp.map(|stamp| Past { events: Vec::new(), stamp: Some(stamp) });
                items.push(item(ItemKind::Entry, packed, *mac, past));
            }
            RowBody::Event(decided) => events.push(decided.clone()),
            RowBody::Blob { .. } | RowBody::Erased => {}
        }
    }
    items.sort_by_key(|i| i.kind == ItemKind::Entry);
    items[0].past = Some(Past { events, stamp: None });
    items
}

async fn lived(town: &Town, tablet: &mut Tablet) -> RequestId {
    let id = tablet.filed("yol.cukur").await;
    let act = |command| mbs_server::routing::apply::Act { request: id, author: 0, seen: None, command };
    town.service.act(act(Command::new(Who::Unit, Action::Accept))).await.unwrap();
    town.service.act(act(Command::new(Who::Unit, Action::Ask).saying("Hangi numaranın önü?"))).await.unwrap();
    town.pass(60_000);
    let answer = tablet.entry(id, EntryKind::Answer, "12 numaranın önü.");
    ok(&tablet.push(answer).await);
    // Words from the desk.
    let now = town.count("select 1") + MORNING;
    let staff = town
        .service
        .db
        .change(|tx| {
            mbs_server::database::staff::add(tx, "yol", "Yol Bakım", Role::Unit, "md-yol-bakim-anadolu", "x", now)?;
            mbs_server::database::staff::named(tx, "Yol Bakım", now)
        })
        .unwrap();
    let entry =
        Entry { id: EntryId([9; 16]), kind: EntryKind::Message, text: "Geliyoruz.".into(), at: now, photos: vec![] };
    let raw = encode(&entry);
    let hash = mbs_server::secrets::sha256(&raw);
    let checked = thread::Checked { entry, hash, packed: pack(&raw) };
    let (inner, head) = (town.service.clone(), town.head(id));
    let writer = thread::Writer { author: staff, session: 0, at: now };
    town.service.write(move |tx| thread::keep(tx, &inner, &head, &checked, writer)).await.unwrap();
    id
}

#[tokio::test]
async fn a_lost_request_comes_back_with_its_number_its_decisions_and_the_desks_words() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    tablet.filed("yol.cukur").await;
    let id = lived(&town, &mut tablet).await;
    let here: Vec<Row> = rows(&tablet).into_iter().filter(|r| r.request == id).collect();
    let (head, events, case) = (town.head(id), town.events(id), town.case(id));
    assert_eq!((head.no.n, head.state, events.len()), (2, State::InProgress, 5));

    let lost = town.that_lost_everything();
    let mut finder = lost.tablet("kadikoy-rasimpasa").await;
    let reply = finder.sync(offers(&here)).await;
    for result in &reply.results {
        ok(result);
    }
    let back = lost.head(id);
    assert_eq!(lost.events(id), events);
    assert_eq!(lost.case(id), case);
    assert_eq!((back.no, back.state, back.n, back.due), (head.no, head.state, head.n, head.due));
    assert_eq!((back.received, back.since), (head.received, head.since));
    assert_eq!(lost.service.scopes.code(back.unit), town.service.scopes.code(head.unit));
    assert_eq!(digest(&rows(&finder)), digest(&here));
    // The unit's program hears of it as it did the first time.
    assert_eq!(lost.unit_rows("md-yol-bakim-anadolu").iter().filter(|(k, _)| *k == kind::ENTERED).count(), 1);
    let said: Vec<Stamp> = rows(&finder)
        .into_iter()
        .filter_map(|r| match r.body {
            RowBody::Entry { stamp, .. } => Some(stamp),
            _ => None,
        })
        .collect();
    assert!(said.iter().any(|s| s.author == "Yol Bakım"), "{said:?}");
    // Offered again, nothing happens; nobody can sign in by a name that was only read.
    let again = finder.sync(offers(&here)).await;
    assert!(again.results.iter().all(|r| matches!(r, ItemResult::Ok { .. })));
    assert_eq!(lost.events(id), events);
    assert_eq!(lost.count("select count(*) from staff where disabled = 0"), 0);
    assert_eq!(lost.count("select count(*) from quarantine"), 0);
}

#[tokio::test]
async fn the_number_of_a_lost_request_is_not_given_to_another() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let here = rows(&tablet);
    let lost = town.that_lost_everything();
    let mut other = lost.tablet("besiktas-bebek").await;
    let taken = other.filed("yol.cukur").await;
    assert_eq!(lost.head(taken).no, town.head(id).no, "nobody jumped the counter here");
    let mut finder = lost.tablet("kadikoy-rasimpasa").await;
    ok(&finder.sync(offers(&here)).await.results[0]);
    assert_ne!(lost.head(id).no, lost.head(taken).no);
}

#[tokio::test]
async fn decisions_without_our_proof_or_of_another_series_are_not_taken() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = lived(&town, &mut tablet).await;
    let here = rows(&tablet);
    let lost = town.that_lost_everything();
    let mut finder = lost.tablet("kadikoy-rasimpasa").await;

    // A tablet that shortens the story and forges the end of it.
    let mut forged = offers(&here);
    forged.truncate(1);
    let past = forged[0].past.as_mut().unwrap();
    past.events.truncate(2);
    let raw = unpack(&past.events[1].packed, 8_192).unwrap();
    let mut event: mbs_shared::routing::Event = mbs_shared::wire::decode(&raw).unwrap();
    event.what = mbs_shared::routing::What::Closed { confirmed: true };
    past.events[1].packed = pack(&encode(&event)).into();
    ok(&finder.sync(forged).await.results[0]);
    assert_eq!(lost.head(id).n, 2);
    assert_eq!(lost.head(id).state, State::Assigned);

    // The unit goes on otherwise; what was decided before the loss goes to a person.
    let act = |command| mbs_server::routing::apply::Act { request: id, author: 0, seen: None, command };
    lost.service.act(act(Command::new(Who::Unit, Action::Return).saying("Bizim yolumuz değil."))).await.unwrap();
    let mut whole = offers(&here);
    whole.truncate(1);
    ok(&finder.sync(whole).await.results[0]);
    assert_eq!(lost.case(id).state, State::InReview);
    assert!(lost.count("select count(*) from quarantine") > 0);

    // Words of the desk do not pass as the muhtar's.
    let mut words = offers(&here).pop().unwrap();
    words.past.as_mut().unwrap().stamp.as_mut().unwrap().at += 1;
    assert_eq!(finder.push(words).await, ItemResult::Rejected(Code::ForeignActor));
}

/// The answer to its beginning was lost with the server, and its tablet signed it anew: what was decided on the first one
/// holds for this one, but for what it has of its own.
#[tokio::test]
async fn decisions_on_another_beginning_of_a_request_come_back_with_it() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = lived(&town, &mut tablet).await;
    let here = rows(&tablet);
    let lost = town.that_lost_everything();
    let mut finder = lost.tablet("kadikoy-rasimpasa").await;
    finder.filed("yol.cukur").await;
    let mut anew = finder.file("yol.cukur");
    anew.request = id;
    ok(&finder.push(anew).await);
    let received = lost.events(id);

    for _ in 0..2 {
        let reply = finder.sync(offers(&here)).await;
        assert_eq!(reply.results[0], ItemResult::Begun, "its tablet settles that");
        reply.results[1..].iter().for_each(ok);
        let events = lost.events(id);
        assert_eq!(events[..2], received, "its own number and route");
        assert_eq!(events[2..], town.events(id)[2..], "and what the unit did then");
        assert_eq!(lost.head(id).state, State::InProgress);
        assert_eq!(lost.count("select count(*) from quarantine"), 1, "the first number, for a person");
    }
}
