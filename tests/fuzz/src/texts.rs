//! Texts: what is scanned, typed, configured or brought in.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;
use ed25519_dalek::SigningKey;
use mbs_server::config::Settings;
use mbs_server::directory::table;
use mbs_server::handlers::enrol::read_code;
use mbs_server::map;
use mbs_server::operate::backup::photo_of;
use mbs_server::router::SliceQuery;
use mbs_shared::directory::{Directory, Unit};
use mbs_shared::fold::fold;
use mbs_shared::id::{CaseNo, DeviceNo, OfficialNo, Prefix, PublicKey, RequestId};
use mbs_shared::istanbul;
use mbs_shared::place::Neighbourhoods;
use mbs_shared::receipt::SignedReceipt;
use mbs_shared::routing::deadline::Calendar;
use mbs_shared::signature::ServerKey;
use mbs_shared::wire::events::News;

pub(crate) fn receipt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(receipt) = SignedReceipt::read(text) else { return };
    assert_eq!(SignedReceipt::read(&receipt.text()).as_ref(), Ok(&receipt));
    let key = SigningKey::from_bytes(&[9; 32]);
    let keys = [ServerKey { id: 1, public: PublicKey(key.verifying_key().to_bytes()) }];
    assert!(receipt.verify(&keys).is_err(), "nobody can sign for it");
}

/// What reads as `T` reads the same after it was written.
fn again<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string().parse::<T>().ok(), Some(read), "{text:?}");
    }
}

pub(crate) fn codes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    again::<CaseNo>(text);
    again::<OfficialNo>(text);
    again::<Prefix>(text);
    again::<DeviceNo>(text);
    again::<RequestId>(text);
    again::<News>(text);
    let _ = photo_of(text);
    if let Some(code) = read_code(text) {
        assert_eq!(read_code(&code), Some(code));
    }
    let folded = fold(text);
    assert_eq!(fold(&folded), folded);
}

pub(crate) fn settings(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Settings::of_text(text);
    }
}

/// Where bytes of a photo belong, as an upload's address says.
pub(crate) fn uploads(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = |query: &str| {
        let uri = format!("/v1/blobs/x?{query}").parse::<Uri>().ok()?;
        Query::<SliceQuery>::try_from_uri(&uri).ok().map(|Query(slice)| slice)
    };
    if let Some(slice) = read(text) {
        let SliceQuery { request, offset, size } = slice;
        assert_eq!(read(&format!("request={request}&offset={offset}&size={size}")), Some(slice), "{text:?}");
    }
}

pub(crate) fn imports(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = Neighbourhoods::from_topojson(text);
    let _ = Calendar::from_json(text);
}

/// A table of units: what is understood is understood the same once it was written.
pub(crate) fn units(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let now = istanbul::directory();
    let Ok(given) = table::read(text, now) else { return };
    let units: Vec<Unit> = given.into_iter().map(|given| given.unit).collect();
    let of = |units| Directory::new(Vec::new(), Vec::new(), units, Vec::new(), Vec::new());
    let written = table::write(&of(units.clone())).ok().and_then(|table| String::from_utf8(table).ok());
    let again = written.and_then(|table| table::read(&table, now).ok());
    assert_eq!(again.map(|all| all.into_iter().map(|given| given.unit).collect()), Some(units));
}

/// A map that an operator brings.
pub(crate) fn map(bytes: &[u8]) {
    if let Ok(json) = map::check(bytes, istanbul::directory()) {
        assert_eq!(map::check(&json, istanbul::directory()).ok().as_ref(), Some(&json));
    }
}
