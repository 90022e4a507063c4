//! What neighbours are told of each other.

use mbs_server::handlers::nearby::nearby;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::State;
use mbs_shared::routing::deadline::istanbul_day;
use mbs_shared::wire::encode;
use mbs_shared::wire::nearby::{DAYS, MAX_OF_ONE, MAX_REPLY, NearbyReply};

use crate::common::{DAY, MORNING, Tablet, Town, ok};

const HERE: &str = "kadikoy-rasimpasa";
const ACROSS: &str = "kadikoy-osmanaga";
const FAR: &str = "uskudar-altunizade";

fn place(lat: f64, lon: f64) -> Option<Fix> {
    Some(Fix { lat, lon, accuracy: 8.0, source: FixSource::Gps })
}

async fn filed_at(tablet: &mut Tablet, category: &str, discreet: bool) -> mbs_shared::id::RequestId {
    let mut words = tablet.words(category);
    words.gps = place(40.990_449, 29.025_651);
    words.discreet = discreet;
    let item = tablet.file_words(&words);
    let request = item.request;
    ok(&tablet.push(item).await);
    request
}

fn asked(town: &Town, tablet: &Tablet, known: Option<u64>) -> NearbyReply {
    nearby(&town.service, &tablet.caller, known).unwrap()
}

/// Neighbourhood, category, place, day of all that is told.
fn told(reply: &NearbyReply) -> Vec<(String, String, i32, i32, u32)> {
    let around = reply.around.as_ref().unwrap();
    let all = around.iter().flat_map(|a| a.reports.iter().map(move |r| (a, r)));
    all.flat_map(|(a, r)| r.spots.iter().map(|s| (a.neighbourhood.clone(), r.category.clone(), s.lat, s.lon, s.day)))
        .collect()
}

#[tokio::test]
async fn a_neighbour_is_told_what_and_where_and_nothing_else() {
    let town = Town::new();
    let (mut here, mut across, far) = (town.tablet(HERE).await, town.tablet(ACROSS).await, town.tablet(FAR).await);
    filed_at(&mut across, "yol.cukur", false).await;
    filed_at(&mut here, "yol.cukur", false).await;
    let reply = asked(&town, &here, None);
    let day = u32::try_from(istanbul_day(MORNING)).unwrap();
    // Rounded to about a hundred metres; one's own is on the tablet already.
    assert_eq!(told(&reply), [(ACROSS.to_owned(), "yol.cukur".to_owned(), 40_990, 29_026, day)]);
    let bytes = String::from_utf8_lossy(&encode(&reply)).into_owned();
    assert!(!bytes.contains("taşları") && !bytes.contains("İskele"), "{bytes}");
    assert_eq!(told(&asked(&town, &far, None)), []);
    // What is here already is not sent again.
    assert_eq!(asked(&town, &here, Some(reply.tag)), NearbyReply { tag: reply.tag, around: None });
}

#[tokio::test]
async fn discreet_sensitive_placeless_and_cancelled_ones_are_told_to_nobody() {
    let town = Town::new();
    let (here, mut across) = (town.tablet(HERE).await, town.tablet(ACROSS).await);
    filed_at(&mut across, "yol.cukur", true).await;
    for category in &town.service.directory().categories {
        if category.sensitive {
            filed_at(&mut across, &category.code, false).await;
        }
    }
    across.filed("yol.cukur").await;
    let withdrawn = filed_at(&mut across, "yol.cukur", false).await;
    let withdrawal = across.entry(withdrawn, mbs_shared::wire::entry::EntryKind::Withdraw, "");
    across.sync(vec![withdrawal]).await;
    assert_eq!(town.case(withdrawn).state, State::Cancelled);
    assert_eq!(told(&asked(&town, &here, None)), []);
}

#[tokio::test]
async fn the_newest_of_the_last_weeks_are_told_and_a_reply_stays_small() {
    let town = Town::new();
    let (here, mut across) = (town.tablet(HERE).await, town.tablet(ACROSS).await);
    filed_at(&mut across, "yol.cukur", false).await;
    assert_eq!(told(&asked(&town, &here, None)).len(), 1);
    town.pass((DAYS + 1) * DAY);
    assert_eq!(told(&asked(&town, &here, None)), []);
    for _ in 0..MAX_OF_ONE + 10 {
        filed_at(&mut across, "yol.cukur", false).await;
    }
    // Known for some minutes as it was.
    assert_eq!(told(&asked(&town, &here, None)), []);
    town.pass(3_600_000);
    let reply = asked(&town, &here, None);
    assert_eq!(told(&reply).len(), MAX_OF_ONE as usize);
    let borders = town.service.knowledge.borders;
    let most = town.service.directory().neighbourhoods.iter().map(|n| borders.bordering(&n.code).len()).max();
    // However many neighbours: each spot has the bytes of a number or two.
    assert!(encode(&reply).len() * most.unwrap() < MAX_REPLY, "{} x {most:?}", encode(&reply).len());
}

#[tokio::test]
async fn what_a_muhtar_adds_to_a_neighbours_report_is_linked_on_both() {
    let town = Town::new();
    let (mut here, mut across) = (town.tablet(HERE).await, town.tablet(ACROSS).await);
    let theirs = filed_at(&mut across, "yol.cukur", false).await;
    let named = asked(&town, &here, None).around.unwrap()[0].reports[0].spots[0].request;
    assert_eq!(named, Some(theirs));
    let file = |here: &mut Tablet, rel| {
        let mut words = here.words("yol.cukur");
        words.rel = rel;
        here.file_words(&words)
    };
    let item = file(&mut here, named);
    let own = item.request;
    ok(&here.push(item.clone()).await);
    ok(&here.push(item).await);
    let (one, other) = (town.case(own), town.case(theirs));
    assert_eq!((&one.links[..], &other.links[..]), (&[other.no.unwrap()][..], &[one.no.unwrap()][..]));
    assert_eq!(one.state, State::Assigned, "it goes its way all the same");

    // One that was taken back meanwhile, and one that never came.
    let withdrawal = across.entry(theirs, mbs_shared::wire::entry::EntryKind::Withdraw, "");
    across.sync(vec![withdrawal]).await;
    for rel in [Some(theirs), Some(mbs_shared::id::RequestId([9; 16]))] {
        let item = file(&mut here, rel);
        let alone = item.request;
        ok(&here.push(item).await);
        assert_eq!(town.case(alone).links, []);
    }
    assert_eq!(town.case(theirs).links.len(), 1);
}
