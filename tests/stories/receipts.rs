//! Story 11: the receipt. The tablet has it and shows it without a network; anyone checks it with the
//! server's public key; an altered one is refused and says why.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Files, Receipt};
use mbs_tablet::error::Code;
use mbs_tests::people::{BINBIRDIREK, RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::process::wait_until;
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::World;

#[test]
fn a_receipt_is_shown_and_checked_without_a_network_and_an_altered_one_is_refused() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let stranger = world.tablet(BINBIRDIREK);
    let id = tablet.file(&New::of(words_about("yol.cukur", 0)).at(RASIMPASA_PLACE)).unwrap().row.id;
    assert_eq!(tablet.call::<Receipt>(Call::Receipt { id }).unwrap_err().code, Code::NotFound);
    tablet.settle();
    wait_until("the receipt is here", || {
        tablet.sync();
        tablet.request(id).receipt
    });
    world.network.cut();
    let tablet = tablet.reopened();
    let shown: Receipt = tablet.call(Call::Receipt { id }).unwrap();
    // Kept where people find it, as a picture or a page, and as nothing else.
    for (begin, suffix) in [(&b"\x89PNG\r\n\x1a\n"[..], "png"), (b"%PDF-1.4\n", "pdf")] {
        let written: Files = tablet.call(Call::WriteReceipt { id, file: STANDARD.encode(begin) }).unwrap();
        assert_eq!(written.names, [format!("{}.{suffix}", shown.official_no)]);
        assert_eq!(std::fs::read(std::path::Path::new(&written.dir).join(&written.names[0])).unwrap(), begin);
    }
    let page = Call::WriteReceipt { id, file: STANDARD.encode("<html>") };
    assert_eq!(tablet.call::<Files>(page).unwrap_err().code, Code::BadCall);
    let record = world.server.record(id);
    assert_eq!((&shown.official_no, shown.received > 0), (&record.no, true));
    assert_eq!(shown.case_no, tablet.request(id).row.case_no);
    assert!(shown.qr.starts_with("<svg") && shown.text.starts_with("MBS1:"));

    // Another tablet of the same server checks it, without a network.
    let check = |text: &str| stranger.call::<Receipt>(Call::VerifyReceipt { text: text.to_owned() });
    assert_eq!(check(&shown.text).unwrap().official_no, record.no);
    let altered = |at: usize| {
        let mut bytes = shown.text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        String::from_utf8(bytes).unwrap()
    };
    let refused: Vec<_> = (30..60).map(|at| check(&altered(at)).unwrap_err().code).collect();
    assert!(refused.contains(&Code::ReceiptAltered), "{refused:?}");
    assert_eq!(check("MBS2:nothing").unwrap_err().code, Code::ReceiptUnreadable);

    // The server's own command: by text, by file, elsewhere with the public key alone.
    let said = world.server.run(&["verify-receipt", &shown.text]);
    assert!(said.contains("valid") && said.contains(&record.no) && said.contains(&shown.content), "{said}");
    let file = world.folder("receipt.txt");
    std::fs::write(&file, format!("{}\n", shown.text)).unwrap();
    let keys = world.server.run(&["verify-receipt", "--keys"]);
    let key = keys.lines().last().unwrap();
    let elsewhere = mbs_tests::server::Server::on(&world.folder("elsewhere"));
    assert!(elsewhere.run(&["verify-receipt", "--key", key, file.to_str().unwrap()]).contains(&shown.case_no));
    let strange = format!("{}:{}", key.split(':').next().unwrap(), "11".repeat(32));
    let said = elsewhere.run_badly(&["verify-receipt", "--key", &strange, file.to_str().unwrap()]);
    assert!(said.contains("the receipt was altered, or never given by this server"), "{said}");
}
