//! Passwords of staff: Argon2id, one at a time per core, and never a hint which part was wrong.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Shortest password that is taken.
pub const MIN_PASSWORD: usize = 10;
/// Longest password that is hashed, so that nobody makes us hash a megabyte.
pub const MAX_PASSWORD: usize = 256;

/// A hash to keep (PHC string, salt inside). ~20 ms and 19 MiB.
///
/// # Errors
/// A sentence when the password is too short or too long.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, String> {
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&password.len()) {
        return Err(format!("A password has between {MIN_PASSWORD} and {MAX_PASSWORD} characters."));
    }
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|h| h.to_string())
        .map_err(|e| format!("The password could not be hashed: {e}."))
}

/// Whether the password belongs to the hash. Without a hash (unknown name) the same work is done,
/// so that the answer's time does not tell which names exist.
#[must_use]
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2Q$3S9Yx1sBBvRZJMb7aGvJwLEbZzGyAqf3OPrGmD2Gg2o";
    if password.len() > MAX_PASSWORD {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_opens_and_no_other() {
        let kept = hash("yedi tepe üstüne", [7; 16]).unwrap();
        assert!(verify("yedi tepe üstüne", Some(&kept)));
        assert!(!verify("yedi tepe ustune", Some(&kept)));
        assert!(!verify("yedi tepe üstüne", None));
        assert!(!verify("yedi tepe üstüne", Some("not a hash")));
        assert!(hash("kısa", [7; 16]).is_err());
    }
}
