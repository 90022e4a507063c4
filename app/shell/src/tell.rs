//! A notification for a person who looks elsewhere: that something came in, in the words of the screens.
//!
//! A Linux desktop's own notifications. On Android what comes in while nobody looks is told by `SyncWorker.kt`.

/// Longest text, in characters.
#[cfg(target_os = "linux")]
const MAX: usize = 200;

/// Shows `text`, where the desktop shows notifications.
#[tauri::command]
pub(crate) async fn tell(text: String) {
    // The bus may keep one waiting.
    let shown = tauri::async_runtime::spawn_blocking(move || show(&text)).await;
    if shown.is_err() {
        tracing::error!("a notification panicked");
    }
}

#[cfg(target_os = "linux")]
fn show(text: &str) {
    let text: String = text.chars().take(MAX).collect();
    let shown = notify_rust::Notification::new().appname("MBS").summary("MBS").body(&text).icon("mbs-app").show();
    if let Err(error) = shown {
        tracing::warn!(%error, "no notification");
    }
}

#[cfg(not(target_os = "linux"))]
const fn show(_: &str) {}
