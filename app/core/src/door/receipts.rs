//! Receipts: shown as QR, and checked without a network.

use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
use mbs_shared::id::RequestId;
use mbs_shared::receipt::{BadReceipt, SignedReceipt};

use super::given;
use super::view::{Files, Receipt};
use crate::error::{Code, Result, fail};
use crate::store::receipts;
use crate::tablet::Inner;

/// Largest file of a receipt, in bytes.
const MAX_FILE: usize = 1024 * 1024;
/// How files begin that are written, and what their names end with.
const KINDS: [(&[u8], &str); 2] = [(b"\x89PNG\r\n\x1a\n", "png"), (b"%PDF-1.", "pdf")];

impl Inner {
    pub(crate) fn receipt(&self, id: RequestId) -> Result<Receipt> {
        let text = receipts::get(self.store.read(), id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?;
        self.verify_receipt(&text)
    }

    /// Keeps a receipt as a picture or a page where people find it: to print, or to send on.
    pub(crate) fn write_receipt(&self, id: RequestId, file: &str) -> Result<Files> {
        let receipt = self.receipt(id)?;
        let bytes = given::bytes(file, MAX_FILE, Code::BadCall)?;
        let kind = KINDS.iter().find(|(begin, _)| bytes.starts_with(begin));
        let (_, suffix) = kind.ok_or_else(|| fail(Code::BadCall, "neither PNG nor PDF"))?;
        let dir = self.exports("mbs-alindi-belgesi");
        let name = format!("{}.{suffix}", receipt.official_no);
        self.store.ports.files.make_dir(&dir)?;
        self.store.ports.files.write(&dir.join(&name), &bytes)?;
        Ok(Files { dir: dir.display().to_string(), names: vec![name], words: 1, photos: 0 })
    }

    /// Checks the text of a receipt against the keys this tablet was given at enrolment.
    pub(crate) fn verify_receipt(&self, text: &str) -> Result<Receipt> {
        let bad = |why: BadReceipt| {
            let code = match why {
                BadReceipt::NoReceipt | BadReceipt::Damaged => Code::ReceiptUnreadable,
                BadReceipt::UnknownKey(_) => Code::ReceiptStrange,
                BadReceipt::Altered => Code::ReceiptAltered,
            };
            fail(code, why.to_string())
        };
        let signed = SignedReceipt::read(text).map_err(bad)?;
        let receipt = signed.verify(&self.identity()?.server_keys).map_err(bad)?;
        let text = signed.text();
        let qr = QRBuilder::new(text.as_str()).build().map_err(|e| fail(Code::Storage, format!("{e:?}")))?;
        Ok(Receipt {
            official_no: receipt.no.to_string(),
            case_no: receipt.case_no,
            subject: receipt.subject,
            received: receipt.received,
            content: receipt.content.to_string(),
            qr: SvgBuilder::default().to_str(&qr),
            text,
        })
    }
}
