//! The organisation changed at the desk: tables read line by line, a difference shown before, versions, closed units.

use crate::common::*;
use crate::http::{call, desk};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mbs_server::handlers::desk::view::Role;
use serde_json::{Value, json};

const ROADS: &str = "md-yol-bakim-anadolu";
const OTHERS: &str = "md-yol-bakim-avrupa";

/// Closes a unit as the operator does.
pub(crate) async fn close(town: &Town, cookie: &str, closed: &str, successor: &str) {
    let (_, seen) = desk(town, cookie, "directory/versions", None).await;
    let mut unit = unit_of(&seen, closed);
    unit["retired"] = true.into();
    unit["successors"] = json!([successor]);
    let new = json!({ "base": seen["version"], "units": [unit], "note": "Kapatıldı" });
    let (status, answer) = desk(town, cookie, "directory", Some(&new)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

fn unit_of(seen: &Value, code: &str) -> Value {
    seen["units"].as_array().unwrap().iter().find(|unit| unit["code"] == code).unwrap().clone()
}

async fn exported(town: &Town, cookie: &str) -> String {
    let request = Request::builder().uri("/desk/api/directory.csv").header("cookie", cookie);
    let response = call(town, request.body(Body::empty()).unwrap()).await;
    String::from_utf8(to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap()
}

fn table(base: i64, lines: &str) -> Value {
    json!({ "base": base, "table": format!("kod;ad;ad (İngilizce);tür;üst birim;kısa ad;kapalı;yerine geçenler\n{lines}"), "note": "Meclis kararı 2026/1" })
}

#[tokio::test]
async fn a_reorganisation_is_shown_first_and_then_holds_for_everyone_and_everything() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let lies = tablet.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Operator);

    // What was taken out unchanged goes in unchanged.
    let whole = exported(&town, &cookie).await;
    assert!(whole.starts_with("\u{feff}kod;ad;") && whole.lines().count() > 200, "{}", whole.lines().next().unwrap());
    let same = json!({ "base": 0, "table": whole, "note": "Deneme" });
    let (_, seen) = desk(&town, &cookie, "directory/preview", Some(&same)).await;
    assert_eq!(seen, json!({ "problems": [], "changes": [] }));
    assert_eq!(desk(&town, &cookie, "directory", Some(&same)).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    // A new directorate below a new department, and an old one closed in its favour. Its line stands before its parent's.
    let new = table(
        0,
        "md-cukur;Çukur Müdürlüğü;Potholes Directorate;Müdürlük;db-cukur;;;\n\
         db-cukur;Çukur Daire Başkanlığı;Potholes Department;daire;ibb;;;\n\
         md-yol-bakim-anadolu;Anadolu Yakası Yol Bakım;Roads, Anatolia;mudurluk;db-cukur;;evet;md-cukur\n",
    );
    let (_, seen) = desk(&town, &cookie, "directory/preview", Some(&new)).await;
    assert_eq!(seen["problems"], json!([]));
    let told: Vec<_> =
        seen["changes"].as_array().unwrap().iter().map(|c| c["after"]["code"].as_str().unwrap()).collect();
    assert_eq!(told, ["db-cukur", "md-cukur", "md-yol-bakim-anadolu"], "parents first");
    let closed = &seen["changes"][2];
    assert_eq!((&closed["open"], &closed["to"]["name"]), (&1.into(), &"Çukur Müdürlüğü".into()));
    assert!(
        closed["categories"].as_array().unwrap().iter().any(|name| name == "Yolda çukur / asfalt bozulması"),
        "{closed}"
    );
    assert_eq!(seen["changes"][0]["before"], Value::Null);
    assert_eq!(town.service.knowledge.version(), 0, "nothing was changed by looking");

    let (status, after) = desk(&town, &cookie, "directory", Some(&new)).await;
    assert_eq!((status, &after["version"]), (StatusCode::OK, &1.into()), "{after}");
    assert_eq!(
        (&after["versions"][0]["note"], &after["versions"][0]["changes"]),
        (&"Meclis kararı 2026/1".into(), &3.into())
    );
    assert_eq!(unit_of(&after, "md-cukur")["parent"], "db-cukur");
    // What lay there moves, what comes goes there at once, and both have its name.
    assert_eq!(mbs_server::routing::closed::move_on(&town.service).await.unwrap(), 1);
    let comes = tablet.filed("yol.cukur").await;
    for id in [lies, comes] {
        let (_, page) = desk(&town, &cookie, &format!("requests/{id}"), None).await;
        assert_eq!(page["row"]["unit"]["name"], "Çukur Müdürlüğü", "{}", page["row"]);
    }
    // Somebody may work there, and an instance beside it knows it too, as does the next start.
    let person = json!({ "login": "cukur", "name": "Çukur", "role": "unit", "unit": "db-cukur" });
    assert_eq!(desk(&town, &cookie, "accounts", Some(&person)).await.0, StatusCode::OK);
    let other = town.other_process();
    assert_eq!(other.scopes.code(town.head(comes).unit), "md-cukur");
    let late = table(0, "md-yeni;Yeni;New;mudurluk;ibb;;;\n");
    assert_eq!(desk(&town, &cookie, "directory", Some(&late)).await.0, StatusCode::CONFLICT);
    let second = table(1, "md-yeni;Yeni;New;mudurluk;ibb;;;\n");
    assert_eq!(desk(&town, &cookie, "directory", Some(&second)).await.0, StatusCode::OK);
    other.refresh_settings().unwrap();
    assert!(other.directory().unit("md-yeni").is_some() && other.directory().unit("md-cukur").is_some());
    assert_ne!(other.scopes.number("md-yeni"), 0);
    let town = town.restarted();
    assert!(town.service.directory().is_within("md-cukur", "db-cukur"));
    assert_eq!(town.service.scopes.code(town.head(comes).unit), "md-cukur");
}

#[tokio::test]
async fn what_is_wrong_is_told_line_by_line_and_nothing_is_applied() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    for (lines, told) in [
        // Twice.
        (
            "md-a;A;A;mudurluk;ibb;;;\nmd-b;B;B;mudurluk;ibb;;;\nmd-a;A2;A2;mudurluk;ibb;;;\n",
            vec![(4, "md-a", "2. satırda")],
        ),
        // Above: not there, closed, in a circle.
        ("md-a;A;A;mudurluk;db-yok;;;\n", vec![(2, "md-a", "db-yok")]),
        ("db-x;X;X;daire;ibb;;evet;\nmd-a;A;A;mudurluk;db-x;;;\n", vec![(3, "md-a", "kapatılmış")]),
        (
            "db-x;X;X;daire;db-y;;;\ndb-y;Y;Y;daire;db-x;;;\n",
            vec![(2, "db-x", "daire çiziyor"), (3, "db-y", "daire çiziyor")],
        ),
        ("md-a;A;A;mudurluk;md-a;;;\n", vec![(2, "md-a", "daire çiziyor")]),
        // Afterwards: not there, itself, nobody who works.
        ("md-a;A;A;mudurluk;ibb;;evet;md-yok\n", vec![(2, "md-a", "md-yok")]),
        ("md-a;A;A;mudurluk;ibb;;evet;md-a\n", vec![(2, "md-a", "kendi yerine")]),
        (
            "md-a;A;A;mudurluk;ibb;;evet;md-b\nmd-b;B;B;mudurluk;ibb;;evet;\n",
            vec![(2, "md-a", "açık bir birime varılmıyor")],
        ),
        ("md-a;A;A;mudurluk;ibb;;;md-yol-bakim-anadolu\n", vec![(2, "md-a", "yalnız kapatılan")]),
        // An institution takes nothing over by itself: what lies at a unit could not go on there.
        ("md-a;A;A;mudurluk;ibb;;evet;ib-kadikoy\n", vec![(2, "md-a", "aynı taraftan")]),
        // Forms.
        ("MD A;A;A;mudurluk;ibb;;;\n", vec![(2, "MD A", "Kod yalnız")]),
        (";A;A;mudurluk;ibb;;;\n", vec![(2, "", "boş bırakılamaz")]),
        ("md-a; ;A;mudurluk;ibb;;;\n", vec![(2, "md-a", "Ad boş")]),
        ("md-a;A;A;bakanlık;ibb;;;\n", vec![(2, "md-a", "Tür “bakanlık”")]),
        ("md-a;A;A;mudurluk;ibb;;belki;\n", vec![(2, "md-a", "Kapalı")]),
        ("md-yol-bakim-anadolu;A;A;dis-kurum;;;;\n", vec![(2, ROADS, "çevrilemez")]),
        // Quoted lines that are two, and empty ones, count as spreadsheets count them.
        ("\"md-a\";\"A\nA\";A;mudurluk;ibb;;;\n\nmd-b;B;B;yok;ibb;;;\n", vec![(5, "md-b", "Tür")]),
        ("", vec![(1, "", "hiç birim yok")]),
    ] {
        let (status, seen) = desk(&town, &cookie, "directory/preview", Some(&table(0, lines))).await;
        assert_eq!(status, StatusCode::OK, "{seen}");
        let problems = seen["problems"].as_array().unwrap();
        assert_eq!(problems.len(), told.len(), "{lines}{seen}");
        for (problem, (line, code, why)) in problems.iter().zip(&told) {
            assert_eq!((&problem["line"], &problem["code"]), (&(*line).into(), &(*code).into()), "{lines}{problem}");
            assert!(problem["why"].as_str().unwrap().contains(why), "{problem}");
        }
        let (status, fault) = desk(&town, &cookie, "directory", Some(&table(0, lines))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
        assert!(fault["message"].as_str().unwrap().contains(told[0].2), "{fault}");
    }
    // A table without the columns, and one that is none.
    for text in ["sıra;isim\n1;A\n", "<html>", "kod\nmd-a\n"] {
        let new = json!({ "base": 0, "table": text, "note": "x" });
        let (_, seen) = desk(&town, &cookie, "directory/preview", Some(&new)).await;
        assert!(seen["problems"][0]["why"].as_str().unwrap().contains("sütun adları eksik"), "{seen}");
    }
    assert_eq!((town.service.knowledge.version(), town.service.directory().unit("md-a")), (0, None));
}

#[tokio::test]
async fn a_name_is_never_a_formula_and_comes_back_in_as_it_was() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let names = ["=1+1", "+90 Acil", "-5 Katı", "@SUM(A1)", "'=1+1", "'t Hof"];
    let unit = |(n, name): (usize, &str)| {
        let code = format!("md-{n}");
        json!({ "code": code, "name": name, "name_en": name, "kind": "mudurluk", "parent": "ibb", "short": name })
    };
    let units: Vec<Value> = names.into_iter().enumerate().map(unit).collect();
    let new = json!({ "base": 0, "units": units, "note": "Deneme" });
    let (status, after) = desk(&town, &cookie, "directory", Some(&new)).await;
    assert_eq!(status, StatusCode::OK, "{after}");
    let whole = exported(&town, &cookie).await;
    for guarded in ["'=1+1", "'+90 Acil", "'-5 Katı", "'@SUM(A1)", "''=1+1", "'t Hof"] {
        assert!(whole.contains(&format!(";{guarded};{guarded};mudurluk;ibb;{guarded};;")), "{guarded}");
    }
    let same = json!({ "base": 1, "table": whole, "note": "Deneme" });
    let (_, seen) = desk(&town, &cookie, "directory/preview", Some(&same)).await;
    assert_eq!(seen, json!({ "problems": [], "changes": [] }));
}

#[tokio::test]
async fn columns_stand_in_any_order_and_a_comma_or_a_tab_will_do() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    for (code, text) in [
        ("md-a", "name,code,kind,name_en,parent\n\"A, B\",md-a,mudurluk,A,ibb\n".to_owned()),
        ("md-b", "KOD\tAD\tAD (İNGİLİZCE)\tTÜR\tÜST BİRİM\nmd-b\tB\tB\tMÜDÜRLÜK\tibb\n".to_owned()),
    ] {
        let new = json!({ "base": 0, "table": text, "note": "x" });
        let (_, seen) = desk(&town, &cookie, "directory/preview", Some(&new)).await;
        assert_eq!(seen["changes"][0]["after"]["code"], code, "{seen}");
        assert_eq!(seen["changes"][0]["after"]["parent"], "ibb");
    }
    // What a table has no column for, and a line no cell, stays as it is.
    for text in [
        format!("kod;ad;ad (İngilizce);tür\n{ROADS};Yol Bakım;Roads;mudurluk\n"),
        format!("kod;ad;ad (İngilizce);tür;üst birim;kapalı\n{ROADS};Yol Bakım;Roads;mudurluk\n"),
    ] {
        let new = json!({ "base": 0, "table": text, "note": "x" });
        let (_, seen) = desk(&town, &cookie, "directory/preview", Some(&new)).await;
        let (before, after) = (&seen["changes"][0]["before"], &seen["changes"][0]["after"]);
        assert_eq!((&after["name"], &after["parent"]), (&"Yol Bakım".into(), &before["parent"]), "{seen}");
        assert!(!before["parent"].is_null() && after["short"] == before["short"]);
    }
    // A unit that is as the release has it again is a change no more.
    close(&town, &cookie, ROADS, OTHERS).await;
    let (_, seen) = desk(&town, &cookie, "directory/versions", None).await;
    let mut open = unit_of(&seen, ROADS);
    open["retired"] = false.into();
    open["successors"] = json!([]);
    let new = json!({ "base": 1, "units": [open], "note": "Yeniden açıldı" });
    let (_, after) = desk(&town, &cookie, "directory", Some(&new)).await;
    assert_eq!((&after["version"], &after["versions"][0]["changes"]), (&2.into(), &0.into()), "{after}");
}
