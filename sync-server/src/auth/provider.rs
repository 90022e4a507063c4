//! Signing in by the municipality's own identity provider: what it is asked, and what it says. Who may do what at the desk
//! stays ours: it says who somebody is, and never what they may.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::staff::cookie_of;
use crate::secrets::Secrets;

/// Where the provider sends people back to, below the server's own address; also where their cookie is sent.
pub const BACK: &str = "/desk/api/oidc";
/// How long somebody may take between the button and the way back, in milliseconds.
const ATTEMPT: i64 = 10 * 60 * 1_000;
/// How long somebody may take for the second factor after it, in milliseconds.
const CODE: i64 = 5 * 60 * 1_000;
/// How long the provider may take, all its answers to one call together.
pub const LIMIT: Duration = Duration::from_secs(8);
/// Cookie of somebody who is on the way to the provider and back.
const ON_THE_WAY: &str = "mbs_oidc";
/// Cookie of somebody whom the provider knows and who still owes a second factor.
const OWING: &str = "mbs_oidc_code";

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its address, as its tokens name it.
    pub issuer: String,
    /// What it calls us.
    pub client: String,
    /// What we prove that with; empty for a public client.
    pub secret: String,
    /// What people call it, on the button.
    pub name: String,
    /// The claim in which it says the name that operators write down for people.
    pub claim: String,
    /// Whether signing in there counts as a second factor.
    pub second_factor: bool,
}

/// Whom the provider let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Issuer and subject, with a blank between: what never changes.
    pub identity: String,
    /// The name in the claim of the settings, as [`external`] keeps it; empty where it says none, or does not vouch for it.
    pub external: String,
}

/// Why nobody could be let in.
#[derive(Debug)]
pub enum Trouble {
    /// It does not answer, or not in time. Somebody else's failure, which passes.
    Away(anyhow::Error),
    /// It said no, or what came is not what it would say.
    Refused(anyhow::Error),
}

/// What an answer of the provider becomes.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// An identity provider.
pub trait Provider: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// Whether signing in there counts as a second factor.
    fn second_factor(&self) -> bool;

    /// The address where somebody signs in there, at `now` (Unix ms).
    fn begin(&self, attempt: Proofs, now: i64) -> Answer<'_, String>;

    /// Who came back with that code, at `now` (Unix ms). A code is good once.
    fn finish(&self, attempt: Proofs, code: String, issuer: Option<String>, now: i64) -> Answer<'_, Identity>;
}

/// The provider of the settings. Nothing is asked of it yet.
///
/// # Errors
/// When the settings do not fit, or this build has none.
#[cfg(feature = "oidc")]
pub fn open(settings: Settings, url: &str, limit: Duration) -> Result<Arc<dyn Provider>> {
    if url.is_empty() {
        bail!("--oidc-issuer needs --url: the identity provider sends people back to it");
    }
    Ok(Arc::new(super::oidc::Oidc::new(settings, &format!("{}{BACK}", url.trim_end_matches('/')), limit)?))
}

/// The provider of the settings.
///
/// # Errors
/// This build has none.
#[cfg(not(feature = "oidc"))]
pub fn open(_: Settings, _: &str, _: Duration) -> Result<Arc<dyn Provider>> {
    bail!("this mbs-server was built without sign-in by an identity provider: build it with `--features packaged`")
}

/// A name at the provider as it is kept and compared: without blanks around it, in small letters.
#[must_use]
pub fn external(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Somebody on the way to the provider and back. Nothing of it is kept here, so that any instance can take them in: what
/// must come back follows from the cookie of their browser and a key of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    begun: i64,
    salt: [i64; 2],
}

/// What must come back, and what proves that it is ours.
#[derive(Debug, Clone)]
pub struct Proofs {
    /// Comes back beside the code: this browser asked.
    pub state: String,
    /// Comes back inside the token: it was made for this attempt.
    pub nonce: String,
    /// Goes along with the code: who trades it in is who asked (PKCE).
    pub verifier: String,
}

impl Attempt {
    /// A new one, at `now` (Unix ms).
    #[must_use]
    pub const fn new(now: i64, salt: [i64; 2]) -> Self {
        Self { begun: now, salt }
    }

    /// The one that the browser carries, if it is not too old at `now` (Unix ms).
    #[must_use]
    pub fn of(headers: &HeaderMap, now: i64) -> Option<Self> {
        let [begun, one, other] = numbers(cookie_of(headers, ON_THE_WAY)?)?;
        fresh(begun, ATTEMPT, now).then_some(Self { begun, salt: [one, other] })
    }

    /// What must come back. Another time or salt in the cookie is another attempt, whose proofs nobody knows.
    ///
    /// # Errors
    /// When the server has no key, which [`Secrets::new`] does not let happen.
    pub fn proofs(&self, secrets: &Secrets) -> Result<Proofs> {
        let [one, other] = self.salt;
        let of = |purpose: &str| -> Result<String> {
            Ok(URL_SAFE_NO_PAD.encode(secrets.derived(purpose, &[self.begun, one, other])?))
        };
        Ok(Proofs {
            state: of("mbs oidc state")?,
            nonce: of("mbs oidc nonce")?,
            verifier: of("mbs oidc verifier 1")? + &of("mbs oidc verifier 2")?,
        })
    }

    /// The header that gives the browser its attempt. It comes back from another site, which `Strict` would not let it.
    #[must_use]
    pub fn cookie(&self, secure: bool) -> Option<HeaderValue> {
        let [one, other] = self.salt;
        cookie(ON_THE_WAY, &text([self.begun, one, other]), ATTEMPT, "Lax", secure)
    }

    /// The header that takes it away.
    #[must_use]
    pub fn clear(secure: bool) -> Option<HeaderValue> {
        cookie(ON_THE_WAY, "", 0, "Lax", secure)
    }
}

/// The header that lets somebody (staff id) whom the provider knows say the code of their second factor.
///
/// # Errors
/// When the server has no key.
pub fn owing(secrets: &Secrets, staff: i64, now: i64, secure: bool) -> Result<Option<HeaderValue>> {
    Ok(cookie(OWING, &text([staff, now, proof(secrets, staff, now)?]), CODE, "Strict", secure))
}

/// Who that is, if not too long ago.
///
/// # Errors
/// When the server has no key.
pub fn who_owes(secrets: &Secrets, headers: &HeaderMap, now: i64) -> Result<Option<i64>> {
    let Some([staff, at, said]) = cookie_of(headers, OWING).and_then(numbers) else { return Ok(None) };
    let good = said == proof(secrets, staff, at)? && fresh(at, CODE, now);
    Ok(good.then_some(staff))
}

/// The header that ends it.
#[must_use]
pub fn owes_nothing(secure: bool) -> Option<HeaderValue> {
    cookie(OWING, "", 0, "Strict", secure)
}

/// Sixty-four bits that only this server could have written.
fn proof(secrets: &Secrets, staff: i64, at: i64) -> Result<i64> {
    let all = secrets.derived("mbs oidc owes a code", &[staff, at])?;
    Ok(all.first_chunk().map_or(0, |eight| i64::from_be_bytes(*eight)))
}

const fn fresh(since: i64, life: i64, now: i64) -> bool {
    since <= now && now - since <= life
}

fn text(numbers: [i64; 3]) -> String {
    URL_SAFE_NO_PAD.encode(numbers.map(i64::to_be_bytes).concat())
}

fn numbers(text: &str) -> Option<[i64; 3]> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (parts, _) = bytes.as_chunks::<8>();
    <[[u8; 8]; 3]>::try_from(parts).ok().map(|parts| parts.map(i64::from_be_bytes))
}

fn cookie(name: &str, value: &str, life: i64, same_site: &str, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let seconds = life / 1_000;
    let text = format!("{name}={value}; Path={BACK}; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    fn secrets(key: u8) -> Secrets {
        Secrets::new(&[[key; 32]], &[(1, [4; 32])]).unwrap()
    }

    fn carried(cookie: &HeaderValue) -> HeaderMap {
        let value = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("other=1; {value}")).unwrap());
        headers
    }

    #[test]
    fn what_must_come_back_follows_from_the_cookie_and_the_key_for_ten_minutes() {
        let attempt = Attempt::new(1_000, [7, -8]);
        let headers = carried(&attempt.cookie(true).unwrap());
        for (now, good) in [(999, false), (1_000, true), (601_000, true), (601_001, false)] {
            assert_eq!(Attempt::of(&headers, now), good.then_some(attempt), "{now}");
        }
        let proofs = attempt.proofs(&secrets(3)).unwrap();
        assert_eq!(attempt.proofs(&secrets(3)).unwrap().state, proofs.state);
        assert!((43..=128).contains(&proofs.verifier.len()), "what PKCE allows");
        for other in [
            attempt.proofs(&secrets(5)),
            Attempt::new(1_001, [7, -8]).proofs(&secrets(3)),
            Attempt::new(1_000, [7, 8]).proofs(&secrets(3)),
        ] {
            let other = other.unwrap();
            assert!(other.state != proofs.state && other.nonce != proofs.nonce && other.verifier != proofs.verifier);
        }
    }

    #[test]
    fn nobody_says_himself_that_the_provider_knows_him() {
        let headers = carried(&owing(&secrets(3), 7, 1_000, false).unwrap().unwrap());
        let who = |secrets: &Secrets, now| who_owes(secrets, &headers, now).unwrap();
        assert_eq!(
            (who(&secrets(3), 1_000), who(&secrets(3), 301_001), who(&secrets(5), 1_000)),
            (Some(7), None, None)
        );
        for made_up in ["", "x", &text([8, 1_000, 0]), &format!("{}x", text([7, 1_000, 0]))] {
            let headers = carried(&cookie(OWING, made_up, CODE, "Strict", false).unwrap());
            assert_eq!(who_owes(&secrets(3), &headers, 1_000).unwrap(), None, "{made_up:?}");
        }
    }
}
