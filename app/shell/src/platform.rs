//! What only the system can do for the window: dial, and ask whether notifications may be shown. On Android `Platform.kt` does
//! it; a desktop dials by its own means and asks nobody.

use tauri::{AppHandle, Runtime};

#[cfg(target_os = "android")]
mod java {
    use serde_json::{Value, json};
    use tauri::plugin::{Builder, PluginHandle, TauriPlugin};
    use tauri::{AppHandle, Manager, Runtime};

    /// As in `Platform.kt`.
    const PACKAGE: &str = "tr.istanbul.mbs";

    struct Platform<R: Runtime>(PluginHandle<R>);

    pub(crate) fn plugin<R: Runtime>() -> TauriPlugin<R> {
        Builder::new("platform")
            .setup(|app, api| {
                app.manage(Platform(api.register_android_plugin(PACKAGE, "Platform")?));
                Ok(())
            })
            .build()
    }

    async fn ask<R: Runtime>(app: &AppHandle<R>, what: &str, with: Value) {
        let Some(platform) = app.try_state::<Platform<R>>() else { return };
        if let Err(error) = platform.0.run_mobile_plugin_async::<Value>(what, with).await {
            tracing::warn!(what, %error, "the system did not do it");
        }
    }

    pub(crate) async fn ask_to_tell<R: Runtime>(app: &AppHandle<R>) {
        ask(app, "askToTell", json!({})).await;
    }

    pub(crate) async fn dial<R: Runtime>(app: &AppHandle<R>, number: &str) {
        ask(app, "dial", json!({ "number": number })).await;
    }
}

#[cfg(target_os = "android")]
pub(crate) use java::plugin;

/// Asks the person whether notifications may be shown, where the system wants that asked: called when there is something to
/// wait for.
#[tauri::command]
pub(crate) async fn ask_to_tell<R: Runtime>(app: AppHandle<R>) {
    #[cfg(target_os = "android")]
    java::ask_to_tell(&app).await;
    #[cfg(not(target_os = "android"))]
    drop(app);
}

/// Opens the telephone with a number, where there is one; else the number stands on the page. Never waits: it is called while
/// the window's thread decides where to go.
pub(crate) fn dial<R: Runtime>(app: &AppHandle<R>, number: &str) {
    #[cfg(target_os = "android")]
    {
        let (app, number) = (app.clone(), number.to_owned());
        tauri::async_runtime::spawn(async move { java::dial(&app, &number).await });
    }
    #[cfg(target_os = "linux")]
    {
        let _ = app;
        if let Ok(mut child) = std::process::Command::new("xdg-open").arg(format!("tel:{number}")).spawn() {
            // Nobody waits for it; but who has ended is not left behind.
            std::thread::spawn(move || child.wait());
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (app, number);
}
