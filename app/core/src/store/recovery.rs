//! The database's key, sealed for the tablet's server: a broken tablet, or one whose key store was lost, can be opened
//! by the municipality (`mbs-server recover-tablet`), and by nobody else.

use age::x25519::Recipient;

use super::settings::{self, Identity};
use super::{RECOVERY, Store};
use crate::error::{Code, Result, fail};

impl Store {
    /// Keeps the sealed key beside the database, where it is not there yet for the server of `identity`.
    ///
    /// # Errors
    /// [`Code::Storage`] or [`Code::DiskFull`].
    pub(crate) fn keep_recovery(&mut self, identity: &Identity) -> Result<()> {
        let Some(courier) = identity.courier.as_deref() else { return Ok(()) };
        let path = self.dir.join(RECOVERY);
        let known = settings::get(self.read(), settings::RECOVERY)?;
        if known.as_deref() == Some(courier.as_bytes()) && self.ports.files.exists(&path) {
            return Ok(());
        }
        let recipient: Recipient = courier.parse().map_err(|e: &str| fail(Code::Protocol, e))?;
        let key = self.ports.key.key(&*self.ports.files, &*self.ports.random)?;
        let sealed = age::encrypt(&recipient, &key).map_err(|e| fail(Code::Storage, e.to_string()))?;
        self.ports.files.write(&path, &sealed)?;
        self.write_words(|c| settings::set(c, settings::RECOVERY, courier.as_bytes()))
    }
}
