//! What the municipality announces: to whom it comes, who has read it, and what becomes of it.

use crate::common::*;
use crate::http::{call, desk};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mbs_server::blob_store::Key;
use mbs_server::database::entries;
use mbs_server::database::staff;
use mbs_server::handlers::announcements::{after, seen};
use mbs_server::handlers::blob;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::erase::erase;
use mbs_shared::id::BlobHash;
use mbs_shared::wire::announcement::{Announcement, MAX_OF_ONE, MAX_SEEN, Reach, Seen};
use mbs_shared::wire::encode;
use mbs_shared::wire::error::Code;
use serde_json::{Value, json};

async fn announce(town: &Town, cookie: &str, audience: &str, title: &str) -> Value {
    let new = json!({ "audience": audience, "urgent": title == "Kriz", "title": title, "text": "Metin." });
    let (status, list) = desk(town, cookie, "announcements", Some(&new)).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list[0].clone()
}

/// Everything a tablet is told, page by page.
fn told(tablet: &Tablet) -> Vec<Announcement> {
    let (mut all, mut at) = (Vec::new(), 0);
    loop {
        let page = after(&tablet.service, &tablet.caller, at).unwrap();
        all.extend(page.list);
        at = page.next;
        if !page.more {
            return all;
        }
    }
}

fn titles(tablet: &Tablet) -> Vec<String> {
    told(tablet).into_iter().map(|a| a.title).collect()
}

#[tokio::test]
async fn each_comes_to_those_it_is_for_and_they_are_told_how_far_it_reaches() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let mut here = town.tablet("kadikoy-rasimpasa").await;
    let mut next_door = town.tablet("kadikoy-caferaga").await;
    let mut far = town.tablet("besiktas-bebek").await;
    assert_eq!(here.sync(vec![]).await.announced, None, "a poll stays small where there is none");
    announce(&town, &cookie, "", "Herkese").await;
    announce(&town, &cookie, "district:kadikoy", "Kriz").await;
    announce(&town, &cookie, "muhtarlik:kadikoy-rasimpasa", "Yalnız size").await;
    assert_eq!(titles(&here), ["Herkese", "Kriz", "Yalnız size"]);
    assert_eq!(titles(&next_door), ["Herkese", "Kriz"]);
    assert_eq!(titles(&far), ["Herkese"]);
    let reach = |list: Vec<Announcement>| list.iter().map(|a| (a.reach, a.urgent)).collect::<Vec<_>>();
    assert_eq!(reach(told(&here)), [(Reach::All, false), (Reach::District, true), (Reach::Muhtarlik, false)]);
    assert_eq!(here.sync(vec![]).await.announced, Some(3));
    assert_eq!(next_door.sync(vec![]).await.announced, Some(2));
    assert_eq!(far.sync(vec![]).await.announced, Some(1));
    assert_eq!(told(&far)[0].from, "Muhtarlıklar Müdürlüğü");
}

/// Uploads a photo at the desk, with its preview; its name.
async fn uploaded(town: &Town, cookie: &str, bytes: &[u8]) -> String {
    let request = |method: &str, path: &str, bytes: &[u8]| {
        let request = Request::builder().method(method).uri(format!("/desk/api/{path}")).header("cookie", cookie);
        request.header("content-type", "image/jpeg").body(Body::from(bytes.to_vec())).unwrap()
    };
    let response = call(town, request("POST", "photos", bytes)).await;
    let said = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let hash = serde_json::from_slice::<Value>(&said).unwrap()["hash"].as_str().unwrap().to_owned();
    let small = photo(9, 4_000).0;
    assert_eq!(
        call(town, request("PUT", &format!("photos/{hash}/thumb"), &small)).await.status(),
        StatusCode::NO_CONTENT
    );
    hash
}

#[tokio::test]
async fn photos_go_with_it_to_those_it_is_for_and_to_nobody_else() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let (here, far) = (town.tablet("kadikoy-rasimpasa").await, town.tablet("besiktas-bebek").await);
    let bytes = photo(1, 60_000).0;
    let hash = uploaded(&town, &cookie, &bytes).await;
    let name: BlobHash = hash.parse().unwrap();
    let get = |tablet: &Tablet, key: Key| {
        let (service, caller) = (tablet.service.clone(), tablet.caller.clone());
        async move { blob::get(&service, &caller, key, 0).await.map_err(|fault| fault.code) }
    };
    assert_eq!(get(&here, Key::Full(name)).await, Err(Code::NotFound), "nobody was shown it yet");
    let say = |photos: Vec<&str>| json!({ "audience": "district:kadikoy", "urgent": false, "title": "Su", "text": "Metin.", "photos": photos });
    let (status, list) = desk(&town, &cookie, "announcements", Some(&say(vec![&hash, &hash]))).await;
    assert_eq!((status, &list[0]["photos"]), (StatusCode::OK, &json!([hash])), "{list}");
    assert_eq!(told(&here)[0].photos, [name]);
    assert_eq!(get(&here, Key::Full(name)).await.unwrap(), bytes, "bit-equal");
    assert!(!get(&here, Key::Thumb(name)).await.unwrap().is_empty());
    assert_eq!(get(&far, Key::Full(name)).await, Err(Code::NotFound));
    assert!(told(&far).is_empty());
    // Who is limited to another district does not see it either.
    let seen = async |districts: &[String]| {
        town.service.db.change(|s| staff::set_duty(s, "masa", Role::Auditor, "", districts)).unwrap();
        let request = Request::get(format!("/desk/api/photos/{hash}")).header("cookie", &cookie);
        call(&town, request.body(Body::empty()).unwrap()).await.status()
    };
    // Its uploader sees his own: somebody else looks.
    town.service.db.change(|s| s.send("update blob set staff = 99", &[])).unwrap();
    assert_eq!(seen(&["besiktas".to_owned()]).await, StatusCode::NOT_FOUND);
    assert_eq!(seen(&["kadikoy".to_owned()]).await, StatusCode::OK);
    town.service.db.change(|s| staff::set_duty(s, "masa", Role::Operator, "", &[])).unwrap();
    // Another one's photo, one that is not there, and too many.
    let (status, said) = desk(&town, &cookie, "announcements", Some(&say(vec![&hash]))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    let mut many = Vec::new();
    for seed in 2..6 {
        many.push(uploaded(&town, &cookie, &photo(seed, 20_000).0).await);
    }
    let four = say(many.iter().map(String::as_str).collect());
    let (status, said) = desk(&town, &cookie, "announcements", Some(&four)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said["message"].as_str().unwrap().contains("en çok 3"), "{said}");
    // Taken back, it is nobody's.
    let id = list[0]["id"].as_i64().unwrap();
    desk(&town, &cookie, &format!("announcements/{id}/withdraw"), Some(&json!({}))).await;
    assert!(told(&here)[0].photos.is_empty());
    assert_eq!(get(&here, Key::Full(name)).await, Err(Code::NotFound));
}

#[tokio::test]
async fn a_photo_that_is_announced_outlives_the_request_that_had_it_too() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let hash = uploaded(&town, &cookie, &photo(1, 60_000).0).await;
    let form = json!({
        "id": "0b".repeat(16), "channel": "phone", "muhtarlik": "kadikoy-rasimpasa", "category": "yol.cukur", "kind": "wish",
        "title": "", "desc": "Yol çöktü.", "addr": "", "place": null, "discreet": false, "photos": [hash],
    });
    let (status, entered) = desk(&town, &cookie, "requests", Some(&form)).await;
    assert_eq!(status, StatusCode::OK, "{entered}");
    let new = json!({ "audience": "", "urgent": false, "title": "Dikkat", "text": "Yol çöktü.", "photos": [hash] });
    assert_eq!(desk(&town, &cookie, "announcements", Some(&new)).await.0, StatusCode::OK);
    erase(&town.service, "0b".repeat(16).parse().unwrap(), "mahkeme kararı").unwrap();
    let name: BlobHash = hash.parse().unwrap();
    assert!(town.service.store.has(Key::Full(name)).unwrap(), "what all muhtars were shown stays");
    assert_eq!(told(&town.tablet("besiktas-bebek").await)[0].photos, [name]);
}

#[tokio::test]
async fn what_another_process_announces_is_heard_by_who_listens() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let other = town.other_process();
    let mut ear = other.announced.listen();
    announce(&town, &cookie, "", "Herkese").await;
    // On PostgreSQL it has been told already; elsewhere the next tick looks.
    other.refresh_devices().unwrap();
    assert_eq!(*ear.borrow_and_update(), 1);
}

#[tokio::test]
async fn a_withdrawn_one_is_dropped_and_says_nothing_any_more() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let tablet = town.tablet("besiktas-bebek").await;
    let id = announce(&town, &cookie, "", "Yanlış").await["id"].as_u64().unwrap();
    assert_eq!(titles(&tablet), ["Yanlış"]);
    for _ in 0..2 {
        let (status, list) = desk(&town, &cookie, &format!("announcements/{id}/withdraw"), Some(&json!({}))).await;
        assert_eq!((status, list[0]["withdrawn"].as_i64()), (StatusCode::OK, Some(MORNING)));
    }
    let last = after(&town.service, &tablet.caller, 1).unwrap();
    let [gone] = last.list.as_slice() else { panic!("{last:?}") };
    assert_eq!((gone.id, gone.withdrawn, gone.title.as_str(), gone.text.as_str()), (id, true, "", ""));
    assert_eq!(last.next, 2);
}

#[tokio::test]
async fn what_was_said_to_one_muhtar_is_not_said_to_his_successor() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    town.tablet("besiktas-bebek").await;
    announce(&town, &cookie, "", "Herkese").await;
    announce(&town, &cookie, "muhtarlik:besiktas-bebek", "Yalnız size").await;
    town.pass(DAY);
    mbs_server::operate::end_mandate(&town.service, town.service.scopes.number("besiktas-bebek")).unwrap();
    town.pass(1);
    let successor = town.tablet("besiktas-bebek").await;
    assert_eq!(titles(&successor), ["Herkese"]);
}

#[tokio::test]
async fn the_desk_sees_who_has_read_it_and_who_has_not() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let here = town.tablet("kadikoy-rasimpasa").await;
    town.tablet("kadikoy-caferaga").await;
    town.tablet("besiktas-bebek").await;
    let made = announce(&town, &cookie, "district:kadikoy", "Kriz").await;
    assert_eq!((&made["seen"], &made["reached"], &made["audience_name"]), (&0.into(), &2.into(), &"Kadıköy".into()));
    let id = made["id"].as_u64().unwrap();
    announce(&town, &cookie, "muhtarlik:besiktas-bebek", "Yalnız size").await;
    // Told twice, and of one that is not for him: nothing more is noted.
    for ids in [vec![id], vec![id, 2, 77]] {
        seen(&town.service, &here.caller, &encode(&Seen { ids })).await.unwrap();
    }
    let (_, list) = desk(&town, &cookie, "announcements", None).await;
    assert_eq!((&list[1]["seen"], &list[0]["seen"]), (&1.into(), &0.into()));
    let (_, who) = desk(&town, &cookie, &format!("announcements/{id}"), None).await;
    assert_eq!(who["unseen"], json!(["Caferağa, Kadıköy"]));
    let without = who["without"].as_array().unwrap();
    assert!(without.len() > 10 && without.contains(&json!("Fenerbahçe, Kadıköy")), "{without:?}");
    let many = encode(&Seen { ids: vec![1; MAX_SEEN + 1] });
    assert!(seen(&town.service, &here.caller, &many).await.is_err());
}

#[tokio::test]
async fn many_come_page_by_page_and_a_new_tablet_gets_those_of_half_a_year() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    announce(&town, &cookie, "", "Eski").await;
    town.pass(181 * DAY);
    // The session has ended meanwhile.
    town.service.db.change(|s| s.execute("update staff_session set expires = expires * 2", &[]).map(drop)).unwrap();
    let many = MAX_OF_ONE + 7;
    for n in 0..many {
        announce(&town, &cookie, "", &format!("{n}")).await;
    }
    let tablet = town.tablet("besiktas-bebek").await;
    let all = titles(&tablet);
    assert_eq!(all.len(), many as usize);
    assert_eq!((all[0].as_str(), all[1].as_str()), ("0", "1"));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    for (field, wrong) in [
        ("title", json!(" ")),
        ("title", json!("ş".repeat(101))),
        ("text", json!("")),
        ("text", json!("ş".repeat(2_001))),
        ("audience", json!("district:yok")),
        ("audience", json!("herkes")),
    ] {
        let mut new = json!({ "audience": "", "urgent": false, "title": "Başlık", "text": "Metin." });
        new[field] = wrong;
        let (status, said) = desk(&town, &cookie, "announcements", Some(&new)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(said["message"].as_str().unwrap().starts_with(&format!("{field}: ")), "{said}");
    }
    assert_eq!(town.count("select count(*) from announcement"), 0);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_said_once_and_the_same_words_may_be_said_again_later() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Triage);
    let announced = || town.count("select count(*) from announcement");
    let crisis = |title: &str| json!({ "audience": "", "urgent": true, "title": title, "text": "Kırmızı alarm." });
    let say =
        async |text: &str| desk(&town, &cookie, &format!("requests/{id}/say"), Some(&json!({ "text": text }))).await;
    let said = || town.service.db.ask(|s| entries::of_request(s, town.head(id).rid)).unwrap().len();
    for _ in 0..2 {
        let (status, list) = desk(&town, &cookie, "announcements", Some(&crisis("Fırtına"))).await;
        assert_eq!((status, list.as_array().unwrap().len()), (StatusCode::OK, 1));
        assert_eq!(say("Ekip yolda.").await.0, StatusCode::OK);
        town.pass(60_000);
    }
    assert_eq!((announced(), said()), (1, 1));
    // Other words, another person, or taken back: that is no repetition.
    desk(&town, &cookie, "announcements", Some(&crisis("Kar"))).await;
    say("Ekip geldi.").await;
    assert_eq!((announced(), said()), (2, 2));
    seat(&town, 2, Role::Triage, "");
    desk(&town, &cookie, "announcements", Some(&crisis("Kar"))).await;
    say("Ekip geldi.").await;
    assert_eq!((announced(), said()), (3, 3));
    town.pass(10 * 60_000);
    desk(&town, &cookie, "announcements", Some(&crisis("Kar"))).await;
    say("Ekip geldi.").await;
    assert_eq!((announced(), said()), (4, 4));
}
