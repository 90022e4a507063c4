//! The desk's search: by words, numbers, place, unit; what was written, changed or erased a moment ago, by whichever process.

use crate::common::*;
use crate::http::desk;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::erase::erase;
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_shared::id::RequestId;
use mbs_shared::request::Request;
use mbs_shared::routing::{Action, Outcome, Who};
use mbs_shared::wire::entry::EntryKind;

/// Ids of what a search finds, and how many it says there are.
async fn find(town: &Town, cookie: &str, words: &str) -> (Vec<String>, u64) {
    let words: String = words.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (_, queue) = desk(town, cookie, &format!("queue?list=all&q={words}"), None).await;
    let rows = queue["rows"].as_array().unwrap_or_else(|| panic!("{queue}"));
    let ids = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    (ids, queue["total"].as_u64().unwrap())
}

async fn file(tablet: &mut Tablet, words: Request) -> RequestId {
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    id
}

#[tokio::test]
async fn a_request_is_found_by_everything_that_names_it() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = Request {
        title: String::new(),
        desc: "Iğdır Sokağı’nda ŞİRİN fırının önü çöktü; ikinci satırda gizlenmiş söz.".into(),
        addr: "Iğdır Sokağı 14".into(),
        ..tablet.words("yol.cukur")
    };
    let id = file(&mut tablet, words).await;
    let other = tablet.filed("park.agac").await;
    let head = town.head(id);
    let (no, case_no) = (head.no.to_string(), head.case_no.to_string());
    for words in
        ["igdir", "IĞDIR sokağı", "sirin firin", "gizlenmiş", no.as_str(), case_no.as_str(), "asfalt cukur igdir"]
    {
        assert_eq!(find(&town, &cookie, words).await, (vec![id.to_string()], 1), "{words}");
    }
    // By place and by unit: both, the newest first.
    for words in ["rasimpaşa", "kadıköy"] {
        assert_eq!(find(&town, &cookie, words).await.0, [other.to_string(), id.to_string()], "{words}");
    }
    assert_eq!(find(&town, &cookie, "yol bakim anadolu").await.0, [id.to_string()]);
    assert_eq!(find(&town, &cookie, "hiçyok").await, (vec![], 0));
}

#[tokio::test]
async fn it_keeps_up_with_what_is_written_routed_and_erased() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    assert_eq!(find(&town, &cookie, "kuyu").await.1, 0, "the index stands before anything is filed");
    let words = Request { desc: "Eski kuyu açıkta kalmış.".into(), ..tablet.words("") };
    let id = file(&mut tablet, words).await;
    assert_eq!(find(&town, &cookie, "kuyu").await.0, [id.to_string()]);
    assert_eq!(find(&town, &cookie, "zabıta kuyu").await.1, 0);
    let route = Command::new(Who::Triage, Action::Route).to("md-zabita-anadolu");
    town.service.act(Act { request: id, author: 1, seen: None, command: route }).await.unwrap();
    assert_eq!(find(&town, &cookie, "zabıta kuyu").await.0, [id.to_string()]);
    erase(&town.service, id, "Mahkeme kararı").unwrap();
    assert_eq!(find(&town, &cookie, "kuyu").await, (vec![], 0));
}

#[tokio::test]
async fn what_was_said_answered_and_given_on_is_found_and_private_notes_are_not() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    tablet.filed("yol.cukur").await;
    let found = vec![id.to_string()];
    for (kind, words) in [(EntryKind::Message, "Kedi merdiveni"), (EntryKind::Note, "Gizli defter")] {
        let entry = tablet.entry(id, kind, words);
        ok(&tablet.push(entry).await);
    }
    let act =
        async |command: Command| town.service.act(Act { request: id, author: 1, seen: None, command }).await.unwrap();
    act(Command::new(Who::Unit, Action::Accept)).await;
    act(Command::new(Who::Unit, Action::Task).to("md-zabita-anadolu").saying("Tezgâh sökülecek.")).await;
    assert_eq!(find(&town, &cookie, "kedi merdiveni").await.0, found);
    assert_eq!(find(&town, &cookie, "tezgah zabıta").await.0, found);
    assert_eq!(find(&town, &cookie, "gizli").await.0, [""; 0]);
    assert_eq!(find(&town, &cookie, "defter").await.0, [""; 0]);
    // Who decided, and the muhtar, by name: for triage, and for nobody at a unit.
    assert_eq!(find(&town, &cookie, "masa kedi").await.0, found);
    assert_eq!(find(&town, &cookie, "muhtarı kedi").await.0, found);
    seat(&town, 2, Role::Unit, "md-yol-bakim-anadolu");
    assert_eq!(find(&town, &cookie, "kedi").await.0, found);
    assert_eq!(find(&town, &cookie, "masa kedi").await.0, [""; 0]);
    assert_eq!(find(&town, &cookie, "muhtarı kedi").await.0, [""; 0]);
}

#[tokio::test]
async fn the_official_answer_is_found() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let id = town.tablet("kadikoy-rasimpasa").await.filed("yol.cukur").await;
    for command in [
        Command::new(Who::Unit, Action::Accept),
        Command::new(Who::Unit, Action::Answer).ending(Outcome::Done).saying("Mastik asfaltla kapatıldı."),
    ] {
        town.service.act(Act { request: id, author: 1, seen: None, command }).await.unwrap();
    }
    assert_eq!(find(&town, &cookie, "mastik").await.0, [id.to_string()]);
}

#[tokio::test]
async fn nobody_finds_what_he_may_not_see() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    tablet.filed("yol.cukur").await;
    // A unit's person who works nowhere sees nothing.
    let cookie = signed_in(&town, Role::Unit);
    assert_eq!(find(&town, &cookie, "rasimpaşa").await, (vec![], 0));
}
