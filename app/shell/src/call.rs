//! The one command: a screen's question to the core and its answer, both as JSON.
//!
//! JSON and nothing else, photos too (in base64 slices): Android's WebView carries no raw bytes.

use mbs_tablet::door::{Call, CallError};
use mbs_tablet::error::{Code, fail};
use serde_json::Value;
use tauri::{AppHandle, Manager, Runtime};

use crate::open::Slot;

/// Answers one call. Runs beside the window's thread: a call may decode a photo or wait for the network.
#[tauri::command]
pub(crate) async fn call<R: Runtime>(app: AppHandle<R>, call: Option<Value>) -> Result<Value, CallError> {
    tauri::async_runtime::spawn_blocking(move || answer(&app.state::<Slot>(), call.unwrap_or_default()))
        .await
        .unwrap_or_else(|_| {
            tracing::error!("a call panicked");
            Err(fail(Code::Storage, "the call broke off"))
        })
}

fn answer(slot: &Slot, call: Value) -> Result<Value, CallError> {
    let name = name(&call);
    let call: Call = serde_json::from_value(call).map_err(|error| {
        tracing::warn!(call = name, "a call was not understood");
        fail(Code::BadCall, error.to_string())
    })?;
    let tablet = slot.tablet().ok_or_else(|| fail(Code::Storage, "the tablet is not open"))?;
    let stirs = stirs(&call);
    match tablet.call(call) {
        Ok(value) => {
            if stirs.stirred(&value) {
                slot.changed();
            }
            Ok(value)
        }
        Err(error) => {
            tracing::warn!(call = name, code = ?error.code, "a call failed");
            Err(error)
        }
    }
}

/// The call's name for the log, from the fixed list of variants; never anything a person wrote.
fn name(call: &Value) -> String {
    let tag = call.get("call").and_then(Value::as_str).unwrap_or_default();
    tag.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(24).collect()
}

/// Whether other parts of the screen than the one that asked should look again afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stirs {
    Never,
    Always,
    /// With the last slice of a photo only.
    WithPhoto,
}

impl Stirs {
    fn stirred(self, answer: &Value) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::WithPhoto => answer.get("step").and_then(Value::as_str) == Some("done"),
        }
    }
}

fn stirs(call: &Call) -> Stirs {
    match call {
        Call::AddPhoto { .. } => Stirs::WithPhoto,
        call if call.quiet().is_some() => Stirs::Never,
        _ => Stirs::Always,
    }
}
