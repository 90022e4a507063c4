//! Beginnings of requests: what is filed again and again, and what the muhtar makes one.

use mbs_tablet::door::{Call, Fields, List, view};
use mbs_tablet::error::Code;

use super::support::Rig;

#[test]
fn what_is_filed_again_and_again_is_a_beginning_to_start_from_and_so_is_what_the_muhtar_makes_one() {
    let rig = Rig::new();
    let file = |words: &str, category: &str, discreet: bool| {
        let id = rig.draft(words);
        let set = Fields { category: Some(category.into()), discreet: Some(discreet), ..Fields::default() };
        let _: view::Request = rig.call(Call::SetDraft { id, set });
        rig.call::<view::Request>(Call::Send { id }).row.id
    };
    let templates = |rig: &Rig| rig.call::<Vec<view::Template>>(Call::Templates);
    assert_eq!(templates(&rig), []);
    for place in ["Fırının önünde.", "Okulun önünde.", "Camide."] {
        file(&format!("Yolda çukur var. {place}"), "yol.cukur", false);
        file("Kimse bilmesin.", "yol.kaldirim-bozuk", true);
    }
    let other = file("Sokak lambası yanmıyor.", "aydinlatma.sokak-lambasi", false);
    let learned = templates(&rig);
    assert_eq!((learned.len(), learned[0].template.words.as_str(), learned[0].learned), (1, "Yolda çukur var.", true));
    assert_eq!(learned[0].template.category, "yol.cukur");
    let made: Vec<view::Template> = rig.call(Call::MakeTemplate { id: other });
    assert_eq!((made.len(), made[0].template.words.as_str(), made[0].learned), (2, "Sokak lambası yanmıyor.", false));
    for key in [&made[0].template.key, &made[1].template.key] {
        let _: Vec<view::Template> = rig.call(Call::RemoveTemplate { key: key.clone() });
    }
    let rig = rig.pulled();
    assert_eq!(templates(&rig), [], "what was taken out is not learned again");
    for key in [&made[1].template.key, &made[0].template.key] {
        let _: Vec<view::Template> = rig.call(Call::RestoreTemplate { key: key.clone() });
    }
    assert_eq!(templates(&rig), made);
    let hidden =
        rig.call::<view::Home>(Call::Home { query: "kimse".into(), list: List::Open, from: 0, most: 1 }).rows[0].id;
    assert_eq!(rig.tablet.call(Call::MakeTemplate { id: hidden }).unwrap_err().code, Code::WrongMoment);
    assert!(rig.tablet.call(Call::RemoveTemplate { key: "böyle bir şey yok".into() }).is_err());
    // A year later they are no habit any more; what was made stays.
    rig.clock.pass(400 * 24 * 3_600_000);
    assert_eq!(templates(&rig), made[..1]);
}
