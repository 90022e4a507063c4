//! Without a server: practising, writing, locking, choosing how it looks.

use rstest::rstest;
use serde_json::json;

use crate::support::{Home, Window, Wire, Words, photo};

const CATEGORY: &str = "Kaldırım bozuk / kırık taş";
const STORY: &str = "Rasimpaşa'da kaldırım taşları oynuyor, ışıklar da yanmıyor.";
const TWO: &str = "Sokak lambası yanmıyor. Ayrıca rögar kapağı kırık.";

/// The window of a tablet that practises, at its list.
fn practising(home: &Home, words: &Words) -> Window {
    let window = home.window();
    window.press(words.of("practice_start"));
    window.sees(".start-map path");
    window.press(words.of("start_yes"));
    window.sees("button.nav-new");
    window
}

fn writes(window: &Window, story: &str) {
    window.tap("button.nav-new");
    window.types("textarea", story);
}

/// The photos of a draft, as their addresses, once there are so many and all are drawn.
fn pictures(window: &Window, count: usize) -> Vec<String> {
    const ALL: &str = "[...document.querySelectorAll('.photo-open img')]";
    window.becomes(&format!(
        "{ALL}.length === {count} && {ALL}.every(i => i.complete && i.naturalWidth > 0) && !document.querySelector('progress')"
    ));
    serde_json::from_value(window.value(&format!("{ALL}.map(i => i.src)"))).unwrap()
}

#[rstest]
fn what_was_sent_stands_in_the_list_after_the_battery_was_pulled(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    writes(&window, STORY);
    window.chooses("input[type=file][multiple]", &photo("g-ist-01.jpg"));
    pictures(&window, 1);
    choose_category(&window, &words);
    window.picture("draft.png");

    window.press(words.of("send"));
    window.becomes("location.hash.endsWith('/sent')");
    window.reads(CATEGORY);
    window.picture("sent.png");
    window.tap("a[href='#/']");
    stands_in_the_list(&window, &words);
    window.picture("list.png");
    window.was_clean(wire);
    let button = window.value("getComputedStyle(document.querySelector('.nav-new')).backgroundColor");
    assert_eq!(button, json!("rgb(11, 85, 102)"));
    window.battery_pulled();

    let window = home.window();
    window.goes_home();
    stands_in_the_list(&window, &words);
    window.picture("reopened.png");
    window.battery_pulled();
}

fn choose_category(window: &Window, words: &Words) {
    let (choose, other) = (words.of("category_choose"), words.of("category_other"));
    window.becomes(&format!(
        "(found => (found?.click(), Boolean(found)))([...document.querySelectorAll('fieldset button')]\
         .find(b => [{choose:?}, {other:?}].includes(b.textContent.trim())))"
    ));
    window.types("dialog input[type=search]", "kaldırım");
    window.becomes(&format!(
        "(found => (found?.click(), Boolean(found)))([...document.querySelectorAll('dialog button')]\
         .find(b => b.textContent.includes({CATEGORY:?})))"
    ));
    window.becomes("document.querySelector('fieldset input[name=category]:checked') !== null");
}

fn stands_in_the_list(window: &Window, words: &Words) {
    window.reads("kaldırım taşları");
    window.becomes(&format!(
        "document.querySelectorAll('a.req').length === 1 && document.querySelector('a.req .states').textContent.trim() === {:?}",
        words.of("transport_queued")
    ));
    window.becomes("(i => i !== null && i.complete && i.naturalWidth > 0)(document.querySelector('img.req-cover'))");
}

#[rstest]
fn what_was_written_is_behind_the_pin_after_a_new_start(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    writes(&window, STORY);
    window.tap("a.top-back");
    window.tap("a[href='#/tablet']");
    window.tap("section[aria-labelledby=h-lock] button");
    for step in ["pin_new", "pin_again"] {
        window.reads(words.of(step));
        window.types("dialog .pin-digits", "2580");
        window.press(words.of("pin_next"));
    }
    window.reads(words.of("lock_on"));
    window.was_clean(wire);
    window.battery_pulled();

    let window = home.window();
    window.sees(".lock .pin-keys");
    window.becomes("!document.body.textContent.includes('kaldırım')");
    window.picture("locked.png");
    window.types(".pin-digits", "0000");
    window.press(words.of("pin_open"));
    window.reads(words.of("trouble_wrong_pin"));
    window.types(".pin-digits", "2580");
    window.press(words.of("pin_open"));
    window.becomes("document.querySelector('.lock') === null");
    window.goes_home();
    window.press(&format!("{} 1", words.of("filter_draft")));
    window.reads("kaldırım taşları");
    window.battery_pulled();
}

#[rstest]
fn photos_are_put_in_order_and_a_face_is_covered(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    writes(&window, STORY);
    window.chooses("input[type=file][multiple]", &photo("g-ist-01.jpg"));
    pictures(&window, 1);
    window.chooses("input[type=file][multiple]", &photo("g-ist-02.jpg"));
    let [first, second] = &pictures(&window, 2)[..] else { panic!("two photos") };
    window.tap("figure.photo:nth-of-type(2) .photo-open");
    window.press(words.of("photo_forward"));
    window.reads(words.of("photo_first"));
    window.picture("photo.png");

    // The one that is first now is covered in its middle: another picture stands in its place.
    window.press(words.of("cover"));
    window.press(words.of("cover_add"));
    window.sees(".cover-stage .area");
    window.picture("cover.png");
    window.press(words.of("cover_do"));
    window.becomes("document.querySelector('.cover') === null");
    window.tap("dialog .sheet-head button");
    let now = pictures(&window, 2);
    assert_eq!(&now[1], first);
    assert!(now[0] != *second && now[0] != *first, "the uncovered one is not shown any more");
    window.was_clean(wire);
    window.battery_pulled();

    let window = home.window();
    window.goes_home();
    window.press(&format!("{} 1", words.of("filter_draft")));
    window.tap("a.req");
    assert_eq!(pictures(&window, 2), now);
}

#[rstest]
fn the_back_button_closes_what_lies_on_top_and_then_goes_a_page_back(
    #[values(Wire::Scheme, Wire::Messages)] wire: Wire,
) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    writes(&window, STORY);
    window.chooses("input[type=file][multiple]", &photo("g-ist-01.jpg"));
    pictures(&window, 1);
    let draft = window.value("location.hash");
    let open = "document.querySelector('dialog[open]') !== null";
    // By the button of the system, and by one's own: what was open is closed, and the page stays.
    for close in ["history.back()", "document.querySelector('dialog .sheet-head button').click()"] {
        window.tap("figure.photo .photo-open");
        window.becomes(open);
        window.value(&format!("({close}, true)"));
        window.becomes(&format!("!({open})"));
        window.becomes("history.state === null");
        assert_eq!(window.value("location.hash"), draft);
    }
    window.value("(history.back(), true)");
    window.becomes("document.querySelector('textarea') === null && document.querySelector('button.nav-new') !== null");
    window.was_clean(wire);
}

#[rstest]
fn a_photo_taken_while_the_app_was_ended_stands_in_the_draft_it_was_taken_for(
    #[values(Wire::Scheme, Wire::Messages)] wire: Wire,
) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    writes(&window, STORY);
    // As a finger does, but that no camera comes up here.
    window.value(
        "(document.querySelector('input[capture]').dispatchEvent(new MouseEvent('click', { bubbles: true })), true)",
    );
    // Nothing shows that it is expected. What is written behind it shows that it was: calls are kept one after the other.
    window.types("textarea", " Acele.");
    window.tap("a.top-back");
    window.press(&format!("{} 1", words.of("filter_draft")));
    window.reads("Acele.");
    window.battery_pulled();

    // What `MainActivity.kt` does when the app is opened anew with the camera's result.
    let shared = home.data().join(mbs_tablet::door::shared::FOLDER);
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::copy(photo("g-ist-01.jpg"), shared.join(mbs_tablet::door::shared::TAKEN)).unwrap();
    let window = home.window();
    window.becomes(
        "document.querySelector('textarea')?.value.endsWith('Acele.') && location.hash.startsWith('#/draft/')",
    );
    pictures(&window, 1);
    window.picture("taken.png");
    window.was_clean(wire);
}

#[rstest]
fn one_text_about_two_troubles_becomes_two_drafts(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    writes(&window, TWO);
    window.press(words.of("halves_split"));
    window.becomes("document.querySelector('textarea').value === 'Sokak lambası yanmıyor.'");
    window.was_clean(wire);
    window.tap("a.top-back");
    window.press(&format!("{} 2", words.of("filter_draft")));
    window.reads("rögar kapağı kırık");
    window.becomes("document.querySelectorAll('a.req').length === 2");
}

#[rstest]
fn how_it_looks_is_kept(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let (words, home) = (Words::read(), Home::new(wire));
    let window = practising(&home, &words);
    window.tap("a[href='#/tablet']");
    window.tap("label.choice:has(input[value=dark])");
    window.becomes("document.documentElement.dataset.theme === 'dark'");
    window.tap("label.chip:has(input[value=en])");
    window.becomes("document.documentElement.lang === 'en'");
    window.was_clean(wire);
    // The driver's own web view forgets with its process what a page keeps; a new page must do.
    window.value("(location.reload(), true)");
    window.becomes("document.documentElement.lang === 'en' && document.documentElement.dataset.theme === 'dark'");
    window.picture("dark-english.png");
}
