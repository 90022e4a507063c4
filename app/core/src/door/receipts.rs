//! Receipts: shown as QR, and checked without a network.

use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
use mbs_shared::id::RequestId;
use mbs_shared::receipt::{BadReceipt, SignedReceipt};

use super::view::Receipt;
use crate::error::{Code, Result, fail};
use crate::store::receipts;
use crate::tablet::Inner;

impl Inner {
    pub(crate) fn receipt(&self, id: RequestId) -> Result<Receipt> {
        let text = receipts::get(self.store.read(), id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?;
        self.verify_receipt(&text)
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
