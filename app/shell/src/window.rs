//! The windows.

use std::path::Path;

use tauri::webview::NewWindowResponse;
use tauri::{App, Runtime, Url, WebviewUrl, WebviewWindowBuilder};

use crate::{platform, trouble};

const MAIN: &str = "main";

/// The tablet's own window. What the WebView itself keeps (language, theme) lies in the data folder too.
pub(crate) fn main<R: Runtime>(app: &App<R>, dir: &Path) -> tauri::Result<()> {
    let config =
        app.config().app.windows.iter().find(|window| window.label == MAIN).ok_or(tauri::Error::WindowNotFound)?;
    WebviewWindowBuilder::from_config(app, config)?
        .data_directory(dir.join("webview"))
        .on_navigation({
            let app = app.handle().clone();
            move |url| {
                if let Some(number) = telephone(url) {
                    platform::dial(&app, number);
                }
                is_ours(url)
            }
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// The window that says why the app does not start.
pub(crate) fn trouble<R: Runtime>(app: &App<R>) -> tauri::Result<()> {
    let page = if cfg!(any(windows, target_os = "android")) {
        format!("http://{}.localhost/", trouble::SCHEME)
    } else {
        format!("{}://localhost/", trouble::SCHEME)
    };
    let page = page.parse().map_err(tauri::Error::InvalidUrl)?;
    let window = WebviewWindowBuilder::new(app, "trouble", WebviewUrl::CustomProtocol(page));
    #[cfg(desktop)]
    let window = window.title("MBS").inner_size(640.0, 480.0);
    window.on_new_window(|_, _| NewWindowResponse::Deny).build()?;
    Ok(())
}

/// The window shows the embedded screens and never goes anywhere else, whatever a link says.
fn is_ours(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => url.as_str() == "about:blank",
    }
}

/// The number of a telephone link, where it is nothing else.
fn telephone(url: &Url) -> Option<&str> {
    let number = Some(url.path()).filter(|_| url.scheme() == "tel")?;
    let digits = number.strip_prefix('+').unwrap_or(number);
    ((1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_leaves_the_app() {
        for (url, ours) in [
            ("tauri://localhost/index.html#/yeni", true),
            ("https://tauri.localhost/", true),
            ("about:blank", true),
            ("https://example.org/", false),
            ("https://tauri.localhost.example.org/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("photo://localhost/x", false),
            ("tel:153", false),
        ] {
            assert_eq!(is_ours(&url.parse().unwrap()), ours, "{url}");
        }
    }

    #[test]
    fn dials_numbers_and_nothing_else() {
        for (url, number) in [
            ("tel:153", Some("153")),
            ("tel:+902124551300", Some("+902124551300")),
            ("tel:153;ext=1", None),
            ("tel:--help", None),
            ("tel:", None),
            ("mailto:153", None),
            ("https://153/", None),
        ] {
            assert_eq!(telephone(&url.parse().unwrap()), number, "{url}");
        }
    }
}
