//! What is made of words: search, categories, two troubles in one text.

use mbs_tablet::door::view::{self, Categories, Halves, Suggestion};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;

use super::refused;
use super::support::Rig;

#[test]
fn search_knows_turkish() {
    let rig = Rig::new();
    let id = rig.draft("IĞDIR SOKAĞI'nda çukur");
    for query in ["iğdır", "ığdir", "igdir cukur", "ÇUKUR", "CUKUR"] {
        let rows: Vec<view::Row> = rig.call(Call::Requests { query: query.into() });
        assert_eq!(rows.iter().map(|r| r.id).collect::<Vec<_>>(), [id], "{query}");
    }
    assert!(rig.call::<Vec<view::Row>>(Call::Requests { query: "köprü".into() }).is_empty());
    // A last letter becomes soft before endings.
    let swing = rig.draft("Salıncağın zinciri kopuk");
    let rows: Vec<view::Row> = rig.call(Call::Requests { query: "salıncak zincir".into() });
    assert_eq!(rows.iter().map(|r| r.id).collect::<Vec<_>>(), [swing]);
}

#[test]
fn categories_are_offered_and_suggested_with_the_reason() {
    let rig = Rig::new();
    let all: Categories = rig.call(Call::Categories);
    assert_eq!(all.groups.iter().map(|g| g.categories.len()).sum::<usize>(), 100);
    let best: Vec<Suggestion> =
        rig.call(Call::SuggestCategory { text: "Yolda büyük bir ÇUKUR var, arabalar zarar görüyor".into() });
    assert!(best.iter().take(3).any(|s| s.code == "yol.cukur"), "{best:?}");
    assert!(best.iter().any(|s| s.because.iter().any(|w| w.contains("ÇUKUR"))), "{best:?}");
    assert!(rig.call::<Vec<Suggestion>>(Call::SuggestCategory { text: String::new() }).is_empty());
}

#[test]
fn a_category_is_found_by_what_people_call_the_thing() {
    let rig = Rig::new();
    for (word, code) in [
        ("logar", "yol.rogar-kapagi"),
        ("LOGARIN", "yol.rogar-kapagi"),
        ("tretuvar", "yol.kaldirim-bozuk"),
        ("tretuvarda", "yol.kaldirim-bozuk"),
        ("delik", "yol.cukur"),
        ("oyuk", "yol.cukur"),
        ("bekleme yeri", "toplu-ulasim.durak-ariza"),
    ] {
        let best: Vec<Suggestion> = rig.call(Call::SuggestCategory { text: word.into() });
        assert!(best.iter().any(|s| s.code == code), "{word}: {best:?}");
    }
}

#[test]
fn suggestions_are_among_the_first_three_for_held_out_wording() {
    #[derive(serde::Deserialize)]
    struct Text {
        id: String,
        text: String,
        category: String,
    }
    let rig = Rig::new();
    let held: std::collections::HashSet<&str> =
        include_str!("../../../../shared/data/text/held_out.txt").lines().collect();
    let texts = include_str!("../../../../shared/data/text/requests_synthetic.jsonl").lines();
    let texts = texts.map(|line| serde_json::from_str::<Text>(line).unwrap());
    let (mut right, mut first, mut all) = (0, 0, 0);
    for text in texts.filter(|text| held.contains(text.id.as_str())) {
        let best: Vec<Suggestion> = rig.call(Call::SuggestCategory { text: text.text });
        let place = best.iter().take(3).position(|s| s.code == text.category);
        (right, first, all) = (right + usize::from(place.is_some()), first + usize::from(place == Some(0)), all + 1);
    }
    assert_eq!(all, held.len());
    println!("{right} of {all} among the first three, {first} the first");
    assert!(right * 100 >= all * 85, "{right} of {all}");
}

#[test]
fn two_troubles_in_one_text_are_told_apart() {
    #[derive(serde::Deserialize)]
    struct Text {
        text: String,
        labels: Vec<String>,
        lang: String,
    }
    let rig = Rig::new();
    let texts = include_str!("../../../../shared/data/text/requests_synthetic.jsonl").lines();
    let texts = texts.map(|line| serde_json::from_str::<Text>(line).unwrap()).filter(|text| text.lang == "tr");
    let (mut found, mut two, mut wrong, mut one) = (0, 0, 0, 0);
    let id = rig.draft("");
    for (n, text) in texts.enumerate().filter(|(n, text)| text.labels.len() == 2 || n % 5 == 0) {
        let set = Fields { desc: Some(text.text.clone()), ..Fields::default() };
        let _: view::Request = rig.call(Call::SetDraft { id, set });
        let halves: Option<Halves> = rig.call(Call::Halves { id });
        if text.labels.len() == 2 {
            (two, found) = (two + 1, found + usize::from(halves.is_some()));
            if let Some(halves) = &halves {
                assert!(halves.second.starts_with("Ayrıca"), "{n}: {halves:?}");
            }
        } else {
            (one, wrong) = (one + 1, wrong + usize::from(halves.is_some()));
        }
    }
    println!("{found} of {two} told apart, {wrong} of {one} taken for two");
    assert!(found * 10 >= two * 9 && wrong * 100 <= one, "{found} of {two}, {wrong} of {one}");
}

#[test]
fn a_draft_becomes_two_and_no_word_and_photo_is_lost() {
    let rig = Rig::new();
    let id = rig.draft("Sokak lambası yanmıyor. Ayrıca rögar kapağı kırık.");
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let set =
        Fields {
            category: Some("aydinlatma.sokak-lambasi".into()), addr: Some("Rıhtım".into()), ..Fields::default()
        };
    let _: view::Request = rig.call(Call::SetDraft { id, set });
    let halves: Option<Halves> = rig.call(Call::Halves { id });
    let halves = halves.unwrap();
    assert_eq!(
        (halves.first.as_str(), halves.second.as_str()),
        ("Sokak lambası yanmıyor.", "Ayrıca rögar kapağı kırık.")
    );
    assert_eq!(halves.second_category, "yol.rogar-kapagi");
    let second: view::Request =
        rig.call(Call::SplitDraft { id, first: halves.first.clone(), second: halves.second.clone() });
    let first = rig.show(id);
    assert_eq!(
        (first.desc, first.photos.len(), first.row.category.as_str()),
        (halves.first, 1, "aydinlatma.sokak-lambasi")
    );
    assert_eq!((second.desc, second.photos.len(), second.row.category.as_str()), (halves.second, 0, ""));
    assert_eq!((second.row.addr.as_str(), second.fix), ("Rıhtım", first.fix));
    assert_ne!(first.row.case_no, second.row.case_no);
    assert_eq!(refused(&rig, Call::SplitDraft { id, first: "x".into(), second: " ".into() }), Code::Empty);
}
