//! A district municipality answers: once by a letter that triage records, once by its own program, which is cut off and says
//! it again. The muhtar reads both under the municipality's name.

use mbs_shared::routing::{Outcome, State};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, new_photo, words_about};
use mbs_tests::staff::all_updates;
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::World;
use serde_json::json;

const MUNICIPALITY: &str = "ib-kadikoy";

#[test]
fn an_institution_answers_by_letter_and_by_its_program() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let file = |n: usize| {
        let mut new = New::of(words_about("temizlik.cop-alinmiyor", n)).at(RASIMPASA_PLACE);
        new.category = Some("temizlik.cop-alinmiyor".into());
        tablet.file(&new).unwrap().row.id
    };
    let (letter, own) = (file(0), file(1));
    tablet.settle();
    let waiting = tablet.request(letter);
    assert_eq!(waiting.row.state, Some(State::External));
    assert_eq!(waiting.unit.as_deref(), Some("Kadıköy Belediyesi"), "the muhtar sees where it lies");

    let triage = world.triage();
    let photo = triage.add_photo(new_photo(7, 40)).unwrap();
    let record = json!({ "outcome": "partly", "note": "Konteyner yenilendi.", "date": "2024-03-01", "reference": "E-77", "photos": [photo] });
    let page = triage.act(letter, "answer", record).unwrap();
    assert_eq!((&page["row"]["state"], &page["answer"]["photos"][0]["hash"]), (&json!("concluded"), &json!(photo)));

    let mut program = world.program_that_writes(MUNICIPALITY);
    let n = all_updates(&mut program).iter().rfind(|u| u["request"] == json!(own)).unwrap()["event"]["n"].clone();
    let said = json!({ "n": n, "action": "answer", "outcome": "done", "note": "Çöp bu sabah alındı." });
    assert_eq!(program.act(own, &said).unwrap()["repeated"], false);
    world.kill_server();
    let program = program.restarted(&world.url());
    let again = program.act(own, &said).unwrap();
    assert_eq!((&again["repeated"], &again["status"]), (&json!(true), &json!("concluded")));

    let tablet = tablet.reopened();
    tablet.settle();
    let by_letter = tablet.request(letter);
    assert_eq!((by_letter.row.state, by_letter.row.outcome), (Some(State::Concluded), Some(Outcome::Partly)));
    let answer = by_letter.answer.unwrap();
    assert_eq!(
        answer.text,
        "Kadıköy Belediyesi 01.03.2024 tarihli ve E-77 sayılı yazısıyla şu cevabı verdi:\n\nKonteyner yenilendi."
    );
    assert_eq!(answer.unit.as_deref(), Some("Kadıköy Belediyesi"));
    let told = tablet.request(own).answer.unwrap();
    assert_eq!(told.text, "Kadıköy Belediyesi şu cevabı verdi:\n\nÇöp bu sabah alındı.");
    assert_eq!(tablet.request(own).timeline.iter().filter(|step| step.what == "answered").count(), 1);
}
