//! Reports: counted again from the events by another hand, for every role; as screen, workbook and table.

use std::io::Cursor;

use crate::common::*;
use crate::http::call;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use calamine::{Data, Reader as _, Xlsx};
use mbs_server::auth::sight::Sight;
use mbs_server::database::meta;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::prepare;
use mbs_server::report::{Period, Report, count};
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_shared::id::RequestId;
use mbs_shared::request::Request as Words;
use mbs_shared::routing::{Action, Case, Outcome, State, Who};
use mbs_shared::wire::entry::EntryKind;

const REASON: &str = "Mevzuata uygun değil: okul bölgesi.";
const ROADS: &str = "md-yol-bakim-anadolu";

async fn act(town: &Town, request: RequestId, command: Command) {
    town.service.act(Act { request, author: 1, seen: None, command }).await.unwrap();
}

async fn answer(town: &Town, id: RequestId, outcome: Outcome, days: i64) {
    act(town, id, Command::new(Who::Unit, Action::Accept)).await;
    town.pass(days * DAY);
    act(town, id, Command::new(Who::Unit, Action::Answer).ending(outcome).saying(REASON)).await;
}

/// A town where something of every kind happened; the ids of its requests.
async fn busy(town: &Town) -> Vec<RequestId> {
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut other = town.tablet("besiktas-bebek").await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(tablet.filed("yol.cukur").await);
    }
    ids.push(other.filed("").await);
    ids.push(other.filed("yol.cukur").await);
    answer(town, ids[0], Outcome::Done, 2).await;
    let confirm = tablet.entry(ids[0], EntryKind::Confirm, "");
    ok(&tablet.push(confirm).await);
    answer(town, ids[1], Outcome::Refused, 5).await;
    answer(town, ids[2], Outcome::Partly, 1).await;
    let object = tablet.entry(ids[2], EntryKind::Object, "Yarısı duruyor.");
    ok(&tablet.push(object).await);
    let withdraw = tablet.entry(ids[3], EntryKind::Withdraw, "");
    ok(&tablet.push(withdraw).await);
    act(town, ids[4], Command::new(Who::Unit, Action::Return).saying("Bizim değil.")).await;
    // Long enough for what is left to be late.
    town.pass(40 * DAY);
    ids
}

fn today(town: &Town) -> Period {
    Period::lately(town.service.clock.now())
}

fn counted(town: &Town, sight: &Sight) -> Report {
    let now = town.service.clock.now();
    town.service.db.ask(|s| count(s, &town.service, today(town), sight, now)).unwrap()
}

#[tokio::test]
async fn figures_are_what_the_events_say() {
    let town = Town::new();
    let ids = busy(&town).await;
    let report = counted(&town, &Sight::All);
    let now = town.service.clock.now();
    let cases: Vec<Case> = ids.iter().map(|id| Case::fold(&town.events(*id))).collect();
    let many = |test: &dyn Fn(&Case) -> bool| u32::try_from(cases.iter().filter(|case| test(case)).count()).unwrap();
    let totals = &report.totals;
    let objected = |case: &Case| case.objections > 0;
    for (name, ours, theirs) in [
        ("received", totals.received, many(&|_| true)),
        ("open", totals.open, many(&|c| c.state.is_open())),
        ("overdue", totals.overdue, many(&|c| c.state.is_open() && c.due.is_some_and(|due| due < now))),
        ("cancelled", totals.cancelled, many(&|c| c.state == State::Cancelled)),
        ("concluded", totals.concluded, many(&|c| c.answer.is_some())),
        ("confirmed", totals.confirmed, many(&|c| c.confirmed)),
        ("objected", totals.objected, many(&objected)),
        ("answered", totals.answered, many(&|c| c.answer.is_some() || objected(c))),
        ("returned", totals.returned, many(&|c| c.returns > 0)),
    ] {
        assert_eq!(ours, theirs, "{name}");
        assert!(ours > 0, "{name}: the town is not busy enough");
    }
    assert_eq!(totals.channels, [totals.received, 0, 0, 0], "all from a tablet");
    assert_eq!(totals.outcomes, [1, 0, 1, 0, 0, 0], "what was objected to is open again");
    assert_eq!((totals.median, totals.p90), (Some(2.0), Some(7.0)));
    for lines in [&report.units, &report.categories, &report.districts, &report.neighbourhoods] {
        assert_eq!(lines.iter().map(|line| line.counts.received).sum::<u32>(), totals.received);
        assert_eq!(lines.iter().map(|line| line.counts.overdue).sum::<u32>(), totals.overdue);
    }
    assert_eq!(report.weeks.iter().map(|week| week.received).sum::<u32>(), totals.received);
    assert_eq!(report.weeks.iter().map(|week| week.concluded).sum::<u32>(), totals.concluded);
    assert_eq!(report.received_before, 0);

    // A unit counts its own.
    let own = counted(&town, &Sight::Units(vec![town.service.scopes.number(ROADS)]));
    assert_eq!(own.units.len(), 1);
    assert_eq!(own.totals.received, own.units[0].counts.received);
    assert!(own.totals.received < totals.received);
}

#[tokio::test]
async fn rows_of_an_older_version_are_told_anew() {
    let town = Town::new();
    busy(&town).await;
    let before = counted(&town, &Sight::All);
    let older = "update request set concluded = 0, confirmed = 0, objections = 0";
    town.service.db.change(|s| s.execute(older, &[]).map(drop)).unwrap();
    town.service.db.change(|s| meta::set(s, "index", 0)).unwrap();
    assert_ne!(counted(&town, &Sight::All).totals, before.totals);
    prepare(&town.service).unwrap();
    assert_eq!(counted(&town, &Sight::All).totals, before.totals);
}

async fn get(town: &Town, uri: &str, cookie: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::builder().uri(uri).header("cookie", cookie).body(Body::empty()).unwrap();
    let response = call(town, request).await;
    let status = response.status();
    (status, to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec())
}

#[tokio::test]
async fn every_role_counts_what_it_may_read_and_nobody_else_does() {
    for role in Role::ALL {
        let town = Town::new();
        let cookie = signed_in(&town, role);
        for uri in ["/desk/api/report", "/desk/api/report.xlsx", "/desk/api/requests.csv"] {
            assert_eq!(get(&town, uri, &cookie).await.0, StatusCode::OK, "{role:?} {uri}");
            assert_eq!(get(&town, uri, "").await.0, StatusCode::UNAUTHORIZED, "{uri}");
            let wrong = get(&town, &format!("{uri}?from=2026-12-01&until=2026-11-01"), &cookie).await;
            assert_eq!(wrong.0, StatusCode::UNPROCESSABLE_ENTITY, "{uri}");
        }
    }
}

#[tokio::test]
async fn the_workbook_has_the_figures_and_the_reasons() {
    let town = Town::new();
    busy(&town).await;
    let report = counted(&town, &Sight::All);
    let (status, bytes) = get(&town, "/desk/api/report.xlsx", &signed_in(&town, Role::Auditor)).await;
    assert_eq!(status, StatusCode::OK);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let names = ["Özet", "Birimler", "Konular", "İlçeler", "Mahalleler", "Haftalar", "Olumsuz cevaplar"];
    assert_eq!(book.sheet_names(), names);
    let summary = book.worksheet_range("Özet").unwrap();
    let line = summary.rows().find(|row| row[0] == Data::String("Gelen".into())).unwrap();
    assert_eq!(line[1], Data::Float(f64::from(report.totals.received)));
    // The days stand behind all counts, with a line between.
    let lines: Vec<_> = summary.rows().skip(4).map(|row| row[0].to_string()).collect();
    let counts = 9 + report.totals.channels.len() + report.totals.outcomes.len();
    assert_eq!(lines[counts..], ["", "Ortanca gün", "Yüzde 90’ı bu günden kısa"]);
    assert!(lines[..counts].iter().all(|line| !line.is_empty()), "{lines:?}");
    let units = book.worksheet_range("Birimler").unwrap();
    assert_eq!(units.rows().count(), report.units.len() + 1);
    let refused = book.worksheet_range("Olumsuz cevaplar").unwrap();
    let reasons: Vec<_> = refused.rows().skip(1).map(|row| row[5].to_string()).collect();
    assert_eq!(reasons, [REASON]);
    let places = book.worksheet_range("Mahalleler").unwrap();
    assert_eq!(places.rows().count(), report.neighbourhoods.len() + 1);
}

#[tokio::test]
async fn the_table_has_every_request_once_and_no_formula() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = Words { title: "=HYPERLINK(\"http://evil\"); ş".into(), ..tablet.words("yol.cukur") };
    let item = tablet.file_words(&words);
    ok(&tablet.push(item).await);
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(tablet.filed("park.agac").await);
    }
    let (status, bytes) = get(&town, "/desk/api/requests.csv", &signed_in(&town, Role::Triage)).await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8(bytes).unwrap();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!((&rows[0][2], &rows[0][4]), ("Tablet", "'=HYPERLINK(\"http://evil\"); ş"));
    let numbers: std::collections::BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(numbers.len(), 4);
    for id in ids {
        assert!(numbers.contains(&town.head(id).no.to_string()));
    }
}

/// Four requests: with a place, without one, discreet, of a sensitive category.
async fn on_the_map(town: &Town) -> Vec<RequestId> {
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let plain = Words { gps: Some(RASIMPASA), ..tablet.words("yol.cukur") };
    let sensitive = mbs_shared::istanbul::directory().categories.iter().find(|c| c.sensitive).unwrap();
    let mut ids = Vec::new();
    for words in [
        plain.clone(),
        Words { gps: None, ..plain.clone() },
        Words { discreet: true, ..plain.clone() },
        Words { category: sensitive.code.clone(), ..plain },
    ] {
        let item = tablet.file_words(&words);
        ids.push(item.request);
        ok(&tablet.push(item).await);
    }
    ids
}

#[tokio::test]
async fn the_map_has_every_request_with_a_place() {
    let town = Town::new();
    let ids = on_the_map(&town).await;
    let (status, bytes) = get(&town, "/desk/api/requests.geojson", &signed_in(&town, Role::Triage)).await;
    assert_eq!(status, StatusCode::OK);
    let map: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let features = map["features"].as_array().unwrap();
    assert_eq!((map["type"].as_str(), features.len()), (Some("FeatureCollection"), 3));
    let numbers: Vec<_> = features.iter().map(|f| f["properties"]["no"].as_str().unwrap()).collect();
    assert_eq!(numbers, [0, 2, 3].map(|n| town.head(ids[n]).no.to_string()));
    let point = &features[0]["geometry"]["coordinates"];
    assert!((point[0].as_f64().unwrap() - RASIMPASA.lon).abs() < 1e-5, "longitude first: {point}");
    // A town without requests is a map all the same.
    let empty = Town::new();
    let (_, bytes) = get(&empty, "/desk/api/requests.geojson", &signed_in(&empty, Role::Triage)).await;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["features"], serde_json::json!([]));
}

#[tokio::test]
async fn what_is_published_leads_to_nobody() {
    let town = Town::new();
    let ids = on_the_map(&town).await;
    answer(&town, ids[0], Outcome::Done, 2).await;
    let (status, bytes) = get(&town, "/desk/api/open-data.csv", &signed_in(&town, Role::Auditor)).await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8(bytes).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    let unit = "md-yol-bakim-anadolu";
    assert_eq!(
        rows[1..],
        [
            format!("yol.cukur,\"Rasimpaşa, Kadıköy\",40.996,29.030,2026-11-24,concluded,done,2026-11-26,{unit}"),
            format!("yol.cukur,\"Rasimpaşa, Kadıköy\",,,2026-11-24,assigned,,,{unit}"),
        ]
    );
    for secret in ["Kaldırım", "Okulun", &town.head(ids[0]).no.to_string(), "İskele"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// Numbers in the first column of an exported table.
fn numbers(csv_: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(csv_).unwrap().strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap()[0].to_owned()).collect()
}

async fn listed(town: &Town, cookie: &str, query: &str) -> Vec<String> {
    let (mut numbers, mut after) = (Vec::new(), String::new());
    loop {
        let (_, page) = crate::http::desk(town, cookie, &format!("queue?{query}&after={after}"), None).await;
        numbers.extend(page["rows"].as_array().unwrap().iter().map(|row| row["no"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return numbers };
        after = next.to_owned();
    }
}

#[tokio::test]
async fn a_list_is_taken_along_as_it_is_shown() {
    let town = Town::new();
    busy(&town).await;
    let mut tablet = town.tablet("uskudar-mimar-sinan").await;
    for _ in 0..501 {
        tablet.filed("park.agac").await;
    }
    let everyone = signed_in(&town, Role::Triage);
    for query in [
        "list=all",
        "list=all&state=concluded",
        "list=all&q=kald%C4%B1r%C4%B1m%20kad%C4%B1k%C3%B6y",
        "list=triage",
        "list=late",
        "list=late&percent=50",
        "list=inbox",
        "list=inbox&state=concluded",
    ] {
        let shown = listed(&town, &everyone, query).await;
        let (status, bytes) = get(&town, &format!("/desk/api/requests.csv?{query}"), &everyone).await;
        assert_eq!((status, numbers(&bytes)), (StatusCode::OK, shown.clone()), "{query}");
        assert!(!shown.is_empty(), "{query}: the town is not busy enough");
        let (status, bytes) = get(&town, &format!("/desk/api/requests.xlsx?{query}"), &everyone).await;
        assert_eq!(status, StatusCode::OK);
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("Başvurular").unwrap();
        let column: Vec<String> = sheet.rows().skip(1).map(|row| row[0].to_string()).collect();
        assert_eq!(column, shown, "{query}");
    }
    // More than one page of it.
    assert_eq!(listed(&town, &everyone, "list=all").await.len(), 509);
}

#[tokio::test]
async fn a_unit_takes_along_its_own_alone() {
    let town = Town::new();
    let ids = busy(&town).await;
    town.tablet("uskudar-mimar-sinan").await.filed("park.agac").await;
    let cookie = signed_in_at(&town, Role::Unit, ROADS);
    let roads = town.service.scopes.number(ROADS);
    let own: std::collections::BTreeSet<String> =
        ids.iter().map(|id| town.head(*id)).filter(|head| head.unit == roads).map(|head| head.no.to_string()).collect();
    assert!(own.len() > 1 && own.len() < ids.len(), "{own:?}");
    // Whatever is asked for: what lies elsewhere is in no file of this unit's person.
    for query in
        ["", "?list=all", "?list=all&q=be%C5%9Fikta%C5%9F", "?list=all&q=a%C4%9Fa%C3%A7", "?list=inbox", "?list=late"]
    {
        let (status, bytes) = get(&town, &format!("/desk/api/requests.csv{query}"), &cookie).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        let got: std::collections::BTreeSet<String> = numbers(&bytes).into_iter().collect();
        assert!(got.is_subset(&own), "{query}: {got:?} of {own:?}");
        if query.is_empty() || query == "?list=all" {
            assert_eq!(got, own, "{query}");
        }
        let (_, bytes) = get(&town, &format!("/desk/api/requests.xlsx{query}"), &cookie).await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("Başvurular").unwrap();
        assert_eq!(sheet.rows().skip(1).map(|row| row[0].to_string()).collect::<std::collections::BTreeSet<_>>(), got);
        let (_, bytes) = get(&town, &format!("/desk/api/requests.geojson{query}"), &cookie).await;
        let map: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for feature in map["features"].as_array().unwrap() {
            assert!(own.contains(feature["properties"]["no"].as_str().unwrap()), "{query}");
        }
    }
    assert_eq!(get(&town, "/desk/api/requests.csv?list=triage", &cookie).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_workbook_of_requests_has_moments_numbers_and_no_formula() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let evil = "=HYPERLINK(\"http://evil\"; \"<b>ş</b>\")";
    let words = Words { title: evil.into(), ..tablet.words("yol.cukur") };
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    let (status, bytes) = get(&town, "/desk/api/requests.xlsx", &signed_in(&town, Role::Auditor)).await;
    assert_eq!(status, StatusCode::OK);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range("Başvurular").unwrap();
    let row = sheet.rows().nth(1).unwrap();
    assert_eq!(row[0], Data::String(town.head(id).no.to_string()));
    assert_eq!(row[4], Data::String(evil.into()));
    let Data::DateTime(received) = row[10] else { panic!("a moment, not words: {:?}", row[10]) };
    // Days since the spreadsheets' beginning; Istanbul is three hours ahead.
    let days = (town.head(id).received + 3 * 3_600_000) as f64 / DAY as f64 + 25_569.0;
    assert!((received.as_f64() - days).abs() < 1e-4, "{received:?}");
    assert_eq!(row[15], Data::Float(0.0));
    assert!(book.worksheet_formula("Başvurular").unwrap().used_cells().next().is_none());
}

#[tokio::test]
async fn a_screen_is_told_every_neighbourhood_and_why_it_was_refused() {
    let town = Town::new();
    let ids = busy(&town).await;
    let cookie = signed_in(&town, Role::Auditor);
    let (_, report) = crate::http::desk(&town, &cookie, "report", None).await;
    let places: Vec<&str> =
        report["neighbourhoods"].as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(places, ["kadikoy-rasimpasa", "besiktas-bebek"]);
    let (_, refusals) = crate::http::desk(&town, &cookie, "report/refusals", None).await;
    assert_eq!((refusals["total"].as_u64(), refusals["rows"].as_array().unwrap().len()), (Some(1), 1));
    assert_eq!(
        (refusals["rows"][0]["id"].as_str().unwrap(), &refusals["rows"][0]["reason"]),
        (&*ids[1].to_string(), &REASON.into())
    );
    // A unit that refused nothing is told of nobody's.
    let town = Town::new();
    busy(&town).await;
    let cookie = signed_in_at(&town, Role::Unit, "md-zabita-avrupa");
    assert_eq!(crate::http::desk(&town, &cookie, "report/refusals", None).await.1["total"], 0);
}
