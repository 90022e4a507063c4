//! `GET /v1/receipts/{request}`: the signed receipt (*alındı belgesi*). Nothing is stored: it follows from
//! what cannot change, and is the same whenever it is asked for, as long as the key is.

use mbs_shared::document::project_first;
use mbs_shared::document::verify;
use mbs_shared::id::RequestId;
use mbs_shared::receipt::{Receipt, SignedReceipt};
use mbs_shared::signature::Purpose;
use mbs_shared::wire::error::Code;

use super::sync::plan::first_line;
use crate::auth::device::Caller;
use crate::database::{changes, requests};
use crate::error::Fault;
use crate::service::Service;

/// The receipt of a request of the caller's muhtarlık.
///
/// # Errors
/// [`Code::NotFound`].
pub fn receipt(service: &Service, caller: &Caller, request: RequestId) -> Result<SignedReceipt, Fault> {
    let found = service.db.ask(|s| match requests::by_id(s, request)? {
        Some(head) if head.scope == caller.device.scope => {
            let first = changes::of_request(s, head.rid)?.into_iter().next();
            Ok(first.map(|first| (head, first)))
        }
        _ => Ok(None),
    })?;
    let (head, first) = found.ok_or(Code::NotFound)?;
    let damaged = |code: Code| Fault::internal(anyhow::anyhow!("the first change of request {request}: {code:?}"));
    let content = verify(&first).map_err(damaged)?.hash;
    let subject = Receipt::subject_of(&first_line(&project_first(&first).map_err(damaged)?));
    let receipt = Receipt { received: head.received, no: head.no, case_no: head.case_no.to_string(), subject, content };
    let body = mbs_shared::wire::encode(&receipt);
    let signature = service.secrets.sign(Purpose::Receipt, &body).map_err(Fault::internal)?;
    Ok(receipt.signed_by(|_| signature))
}
