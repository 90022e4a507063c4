//! Turkish folding for search.
//!
//! `unicode61` and trigram tokenizers fail on ı and I, so texts are folded here before they are
//! stored in a search column, and queries are folded the same way. Words are then compared by
//! their beginnings: `fold("Kadıköy'de")` is `kadikoyde`, which the query `kadıköy` begins.

/// Folds text for search.
///
/// - İ I ı i → i, ş → s, ğ → g, ç → c, ö → o, ü → u, â î û → a i u, other Latin accents likewise;
/// - lower case, composed and decomposed forms alike;
/// - apostrophes vanish, whatever else is neither letter nor digit becomes one space, none at the ends;
/// - the words of an address that are mostly cut short (`mah.`, `cad.`, `sok.` …) get one form.
///
/// Both the stored text and the query are folded. Folding twice changes nothing.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Where the word that is being written begins.
    let mut word = 0;
    for c in text.chars() {
        match c {
            // What stands inside a word: apostrophes, combining marks, soft hyphen, invisible joiners.
            '\''
            | '’'
            | '‘'
            | 'ʼ'
            | '`'
            | '´'
            | '\u{300}'..='\u{36f}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{feff}' => {}
            c if c.is_alphanumeric() => push(&mut out, c),
            _ => word = end_word(&mut out, word),
        }
    }
    end_word(&mut out, word);
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// The beginning of a folded word by which its forms are found too: `salincak` finds `salincagin`. A last k, p or t becomes
/// soft before most endings, so that a longer word is looked for without it.
#[must_use]
pub fn stem(word: &str) -> &str {
    /// A shorter word without its last letter would begin half of all words.
    const LONG: usize = 5;
    if word.len() >= LONG { softening(word).map_or(word, |(stem, _)| stem) } else { word }
}

/// A folded word without its last letter, and the letter that becomes of it before most endings (k → ğ, p → b, t → d);
/// `None` where it stays as it is.
#[must_use]
pub fn softening(word: &str) -> Option<(&str, char)> {
    [('k', 'g'), ('p', 'b'), ('t', 'd')].into_iter().find_map(|(hard, soft)| Some((word.strip_suffix(hard)?, soft)))
}

/// Ends the word that begins at `word`; answers where the next one begins.
fn end_word(out: &mut String, word: usize) -> usize {
    if word < out.len() {
        if let Some(form) = out.get(word..).and_then(address_word) {
            out.truncate(word);
            out.push_str(form);
        }
        out.push(' ');
    }
    out.len()
}

/// The one form of an address word.
fn address_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "mah" | "mh" | "mahallesi" => "mahalle",
        "cad" | "cd" | "caddesi" => "cadde",
        "sok" | "sk" | "sokagi" => "sokak",
        "bul" | "blv" | "bulvari" => "bulvar",
        _ => return None,
    })
}

fn push(out: &mut String, c: char) {
    match c {
        'a'..='z' | '0'..='9' => out.push(c),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        'İ' | 'ı' => out.push('i'),
        // Lower case may bring a combining mark of its own.
        _ => c.to_lowercase().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).for_each(|c| push_base(out, c)),
    }
}

/// A lower-case letter without its accent.
fn push_base(out: &mut String, c: char) {
    let base = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ə' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ǐ' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ō' | 'ŏ' | 'ő' | 'ǒ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ǔ' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'й' => 'и',
        'ё' => 'е',
        'ß' => {
            out.push('s');
            's'
        }
        c => c,
    };
    out.push(base);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Cases {
        case_mapping: Vec<Pair>,
        search_equal: Vec<Vec<String>>,
        search_not_equal: Vec<[String; 2]>,
        decomposed: Vec<Forms>,
        lowercase_dotted_i_trap: Trap,
        collation_tr: Vec<String>,
    }

    #[derive(Deserialize)]
    struct Pair {
        lower: String,
        upper: String,
    }

    #[derive(Deserialize)]
    struct Forms {
        nfc: String,
        nfd: String,
    }

    #[derive(Deserialize)]
    struct Trap {
        input: String,
        wrong: String,
        right: String,
    }

    fn cases() -> Cases {
        serde_json::from_str(include_str!("../data/text/turkish_cases.json")).unwrap()
    }

    #[test]
    fn spellings_of_one_word_fold_alike() {
        for group in cases().search_equal {
            for other in &group {
                assert_eq!(fold(other), fold(&group[0]), "{other} and {}", group[0]);
            }
        }
    }

    #[test]
    fn other_words_stay_other_words() {
        for [a, b] in cases().search_not_equal {
            assert_ne!(fold(&a), fold(&b), "{a} and {b}");
        }
    }

    #[test]
    fn case_does_not_matter() {
        for Pair { lower, upper } in cases().case_mapping {
            assert_eq!(fold(&lower), fold(&upper), "{lower} and {upper}");
        }
        let Trap { input, wrong, right } = cases().lowercase_dotted_i_trap;
        assert_eq!(fold(&input), right);
        assert_eq!(fold(&wrong), right, "also what a naive lower case left behind");
    }

    #[test]
    fn composed_and_decomposed_forms_are_alike() {
        for Forms { nfc, nfd } in cases().decomposed {
            assert_ne!(nfc, nfd);
            assert_eq!(fold(&nfc), fold(&nfd), "{nfc}");
        }
    }

    #[test]
    fn every_district_folds_to_plain_letters_and_stays_itself() {
        let names = cases().collation_tr;
        let mut folded: Vec<_> = names.iter().map(|n| fold(n)).collect();
        assert!(folded.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase())), "{folded:?}");
        folded.sort_unstable();
        folded.dedup();
        assert_eq!(folded.len(), names.len());
    }

    #[rstest::rstest]
    #[case("", "")]
    #[case("  \n\t ", "")]
    #[case("...", "")]
    #[case("Kadıköy'de, Moda’da", "kadikoyde modada")]
    #[case("No:12/3-A", "no 12 3 a")]
    #[case("İBB A.Ş.", "ibb a s")]
    #[case("Moda Cad. 5. Sok.", "moda cadde 5 sokak")]
    #[case("MODA CADDESİ 5. SOKAĞI", "moda cadde 5 sokak")]
    #[case("Atatürk Bul. Barbaros Blv. Bağdat Bulvarı", "ataturk bulvar barbaros bulvar bagdat bulvar")]
    #[case("çukur!!! 😡 acil", "cukur acil")]
    #[case("Straße", "strasse")]
    #[case("Яма Ёлка", "яма елка")]
    #[case("حفرة", "حفرة")]
    #[case("as\u{ad}falt \u{feff}x\u{200d}y", "asfalt xy")]
    #[case("mahal", "mahal")]
    fn a_text_folds_to(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(fold(text), folded);
    }

    #[test]
    fn a_stem_finds_the_forms_of_its_word() {
        for (word, form) in [("salıncak", "salıncağın"), ("dolap", "dolabı"), ("kanat", "kanadı"), ("ağaç", "ağacı")]
        {
            assert!(fold(form).starts_with(stem(&fold(word))), "{word} {form}");
        }
        assert_eq!((stem("ocak"), stem("cukur"), stem("")), ("ocak", "cukur", ""));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}|[a-zçğıöşüâîûÇĞİÖŞÜI'’. \\u{300}-\\u{36f}]{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert!(!once.contains("  ") && once.trim() == once, "{:?}", once);
        }
    }
}
