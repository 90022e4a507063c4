//! The second factor of people at the desk: six digits from an app, anew every half minute (TOTP, RFC 6238).
//!
//! No secret is stored: it follows from the server's oldest key, the person, and a number drawn when it was set up. So a
//! database that was copied lets nobody in, and a backup brings it back with the keys it needs anyway.

use anyhow::Result;
use totp_rs::{Algorithm, Secret, TOTP};

use crate::database::staff::Person;
use crate::secrets::Secrets;
use crate::service::Service;

/// How long a code is shown, in seconds.
const STEP: u64 = 30;
/// Steps by which a clock may be off, either way.
const SKEW: u64 = 1;
/// Who asks, as the app shows it.
const ISSUER: &str = "MBS";

/// The second factor of one person.
pub struct SecondFactor(TOTP);

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondFactor")
    }
}

impl SecondFactor {
    /// That of a person (staff id) with the number that was drawn for it.
    ///
    /// # Errors
    /// When the server has no key, which [`Secrets::new`] does not let happen.
    pub fn of(secrets: &Secrets, staff: i64, nonce: i64) -> Result<Self> {
        let secret = secrets.derived("mbs second factor", &[staff, nonce])?;
        Ok(Self(TOTP::new(Algorithm::SHA1, 6, 1, STEP, secret.to_vec())?))
    }

    /// The secret as one types it into an app.
    #[must_use]
    pub fn secret(&self) -> String {
        Secret::Raw(self.0.secret.clone()).to_encoded().to_string()
    }

    /// What its QR code says: `otpauth://totp/…`.
    #[must_use]
    pub fn uri(&self, login: &str) -> String {
        let login: String = login.chars().filter(|c| c.is_ascii_alphanumeric() || "._-@".contains(*c)).collect();
        format!("otpauth://totp/{ISSUER}:{login}?secret={}&issuer={ISSUER}", self.secret())
    }

    /// The step to which `code` belongs, at `now` (Unix ms): one that was used (`last`) or is older is none.
    #[must_use]
    pub fn step(&self, code: &str, now: i64, last: i64) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let here = u64::try_from(now / 1_000).ok()? / STEP;
        let steps = (here.saturating_sub(SKEW)..=here + SKEW).filter_map(|step| i64::try_from(step).ok());
        steps.filter(|step| *step > last).find(|step| same(&self.0.generate(step.unsigned_abs() * STEP), &code))
    }
}

impl Service {
    /// Whether somebody has to set up a second factor before anything else: one is asked of everybody, and neither the
    /// person has one nor the identity provider's, which let him in, counts as one.
    #[must_use]
    pub fn owes_second_factor(&self, person: &Person) -> bool {
        self.second_factor && person.second == 0 && !(person.by_provider && self.provider_proves_twice())
    }

    /// Whether signing in at the identity provider counts as a second factor.
    #[must_use]
    pub fn provider_proves_twice(&self) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.second_factor())
    }
}

fn same(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq;
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_503_600_000;

    fn factor(nonce: i64) -> SecondFactor {
        SecondFactor::of(&Secrets::new(&[[3; 32]], &[(1, [4; 32])]).unwrap(), 7, nonce).unwrap()
    }

    fn code_at(factor: &SecondFactor, now: i64) -> String {
        factor.0.generate(u64::try_from(now / 1_000).unwrap())
    }

    #[test]
    fn a_code_is_good_for_its_time_and_a_clock_half_a_minute_off_and_once() {
        let factor = factor(1);
        let step = NOW / 30_000;
        for (off, good) in [(-61_000, false), (-30_000, true), (0, true), (30_000, true), (61_000, false)] {
            assert_eq!(factor.step(&code_at(&factor, NOW + off), NOW, 0).is_some(), good, "{off}");
        }
        let code = code_at(&factor, NOW);
        assert_eq!(factor.step(&code, NOW, step - 1), Some(step));
        assert_eq!(factor.step(&code, NOW, step), None, "used");
        assert_eq!(factor.step(&format!("{} {}", &code[..3], &code[3..]), NOW, 0), Some(step), "as apps show it");
        for bad in ["", "12345", "abcdef", &format!("{code}0")] {
            assert_eq!(factor.step(bad, NOW, 0), None, "{bad}");
        }
    }

    #[test]
    fn another_person_or_another_set_up_has_other_codes() {
        assert_ne!(factor(1).secret(), factor(2).secret());
        let uri = factor(1).uri("yol bakım?&");
        assert!(uri.starts_with("otpauth://totp/MBS:yolbakm?secret=") && uri.ends_with("&issuer=MBS"), "{uri}");
        assert_eq!(factor(1).secret().len(), 32);
    }
}
