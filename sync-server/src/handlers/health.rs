//! `GET /health`: whether the database answers.

use crate::database::meta;
use crate::error::Fault;
use crate::service::Service;

/// `ok`, or why not.
///
/// # Errors
/// When the database does not answer.
pub fn health(service: &Service) -> Result<&'static str, Fault> {
    service.db.ask(|s| meta::get(s, "epoch"))?;
    Ok("ok\n")
}
