//! `POST /v1/enrol`: codes, once, for fifteen minutes, not to be guessed.

use std::net::IpAddr;

use crate::common::*;
use mbs_server::handlers::enrol::{NoCode, enrol, make_code, qr_text, read_code, revoke};
use mbs_server::knowledge::Scopes;
use mbs_shared::wire::encode;
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::error::Code;

fn frame(code: &str) -> Vec<u8> {
    encode(&EnrolRequest { version: 1, code: code.into(), public_key: [5; 32], app: "0.1.0".into() })
}

async fn trade(town: &Town, from: Option<IpAddr>, code: &str) -> Result<EnrolReply, Code> {
    let bytes = enrol(&town.service, from, &frame(code)).await.map_err(|f| f.code)?;
    Ok(mbs_shared::wire::decode(&bytes).unwrap())
}

#[tokio::test]
async fn a_code_is_traded_once_for_an_identity() {
    let town = Town::new();
    let code = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    // As people type it.
    let typed = format!(" {} ", code.to_lowercase().replace('0', "o"));
    let reply = trade(&town, None, &typed).await.unwrap();
    assert_eq!(reply.neighbourhood, "kadikoy-rasimpasa");
    assert_eq!(reply.person, "Rasimpaşa Muhtarı");
    assert_eq!((reply.now, reply.epoch), (MORNING, town.service.epoch));
    assert_eq!(reply.prefix.len(), 4);
    assert_eq!(reply.server_keys, Some(town.service.secrets.server_keys()));
    assert!(reply.device.0 > 0 && reply.device.0 >> 63 == 0);
    assert!(town.service.devices.find(&reply.token, &*town.service.db).is_ok());
    assert_eq!(trade(&town, None, &code).await.unwrap_err(), Code::BadEnrolmentCode);
    // Neither the code nor the token stands in the database.
    let stored = town.stored();
    let has = |needle: &[u8]| stored.windows(needle.len()).any(|w| w == needle);
    let contains = |secret: &[u8]| has(secret) || has(hex::encode(secret).as_bytes());
    assert!(contains(&mbs_server::secrets::sha256(&reply.token)), "its hash does");
    assert!(!contains(&reply.token));
    assert!(!contains(read_code(&code).unwrap().as_bytes()));
}

#[tokio::test]
async fn a_code_is_good_for_fifteen_minutes() {
    let town = Town::new();
    let code = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    town.pass(15 * 60_000);
    assert_eq!(trade(&town, None, &code).await.unwrap_err(), Code::BadEnrolmentCode);
}

#[tokio::test]
async fn guessing_is_slowed_by_address() {
    let town = Town::new();
    let code = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    let (guesser, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    for _ in 0..10 {
        assert_eq!(trade(&town, Some(guesser), "0000-0000").await.unwrap_err(), Code::BadEnrolmentCode);
    }
    assert_eq!(trade(&town, Some(guesser), &code).await.unwrap_err(), Code::SlowDown);
    assert!(trade(&town, Some(other), &code).await.is_ok());
    town.pass(15 * 60_000 + 1);
    let code = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    assert!(trade(&town, Some(guesser), &code).await.is_ok());
}

#[tokio::test]
async fn frames_that_are_none_of_ours_are_refused() {
    let town = Town::new();
    let code = async |bytes: &[u8]| enrol(&town.service, None, bytes).await.unwrap_err().code;
    assert_eq!(code(b"").await, Code::Malformed);
    assert_eq!(code(&vec![0; 1_025]).await, Code::TooLarge);
    let mut new = EnrolRequest { version: 99, code: "0000-0000".into(), public_key: [5; 32], app: "9".into() };
    assert_eq!(code(&encode(&new)).await, Code::AppTooNew);
    new.version = 1;
    new.app = "a".repeat(33);
    assert_eq!(code(&encode(&new)).await, Code::TooLarge);
    new.app = "1".into();
    new.code = "ÇÇÇÇÇÇÇÇ".into();
    assert_eq!(code(&encode(&new)).await, Code::BadEnrolmentCode);
}

#[tokio::test]
async fn another_name_is_asked_about_and_a_successor_ends_the_mandate() {
    let town = Town::new();
    let first = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    let make = |person: &str, successor| {
        town.service
            .db
            .change(|tx| {
                let scope = Scopes::load(tx)?.number("kadikoy-rasimpasa");
                make_code(tx, &*town.random, scope, person, successor, MORNING)
            })
            .unwrap()
    };
    assert_eq!(make("Yeni Rasimpaşa Muhtarı", false), Err(NoCode::HeldBy("Rasimpaşa Muhtarı".into())));
    assert_eq!(make("  ", false), Err(NoCode::NoName));
    assert!(make("Rasimpaşa Muhtarı", false).is_ok());
    assert!(make("Yeni Rasimpaşa Muhtarı", true).is_ok());
    // A code of the mandate that ended is worth nothing any more.
    assert_eq!(trade(&town, None, &first).await.unwrap_err(), Code::BadEnrolmentCode);
}

#[tokio::test]
async fn a_tablet_enrolled_or_revoked_by_another_process_is_noticed() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let prefix = tablet.identity.prefix.parse().unwrap();
    let other = town.other_process();
    assert!(other.devices.find(&tablet.identity.token, &*other.db).is_ok());
    assert!(other.db.change(|tx| revoke(tx, prefix, MORNING)).unwrap());
    assert!(!other.db.change(|tx| revoke(tx, prefix, MORNING)).unwrap(), "once");
    town.service.refresh_devices().unwrap();
    let caller = town.service.devices.find(&tablet.identity.token, &*town.service.db).unwrap();
    assert_ne!(caller.device.revoked, 0);
}

#[test]
fn codes_are_read_as_they_are_written_and_shown() {
    assert_eq!(read_code("4kr7-9xq2").as_deref(), Some("4KR79XQ2"));
    assert_eq!(read_code("4KRI 9XQO").as_deref(), Some("4KR19XQ0"));
    for bad in ["", "4KR7", "4KR7-9XQ", "4KR7-9XQ22", "4KR7-9XQÜ"] {
        assert_eq!(read_code(bad), None, "{bad}");
    }
    assert_eq!(qr_text("https://mbs.example.org/", "4KR7-9XQ2"), "https://mbs.example.org#4KR7-9XQ2");
    assert_eq!(qr_text("", "4KR7-9XQ2"), "4KR7-9XQ2");
}
