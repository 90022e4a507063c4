//! What keeps the app from starting, told in a window in plain words.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use mbs_tablet::door::CallError;
use mbs_tablet::error::Code;
use tauri::http::{HeaderValue, Request, Response, header};
use tauri::{Manager, Runtime, UriSchemeContext};

pub(crate) const SCHEME: &str = "trouble";

/// Why the app does not start.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Another window has the folder.
    Taken {
        /// Which folder.
        dir: PathBuf,
    },
    /// The folder cannot be made or written.
    Folder {
        /// Which folder.
        dir: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The core does not open.
    Core(CallError),
}

impl Trouble {
    /// A fixed word for the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "taken",
            Self::Folder { .. } => "folder",
            Self::Core(CallError { code: Code::DiskFull, .. }) => "disk_full",
            Self::Core(CallError { code: Code::KeyStore, .. }) => "key_store",
            Self::Core(_) => "core",
        }
    }

    /// What happened and what to do, in Turkish.
    pub(crate) fn turkish(&self) -> String {
        match self {
            Self::Taken { .. } => "MBS zaten açık. Açık olan pencereyi kullanın; bulamıyorsanız tableti kapatıp yeniden açın.".into(),
            Self::Folder { dir, .. } => format!("MBS veri klasörünü kullanamıyor: {}. Klasörün izinlerini denetleyin.", dir.display()),
            Self::Core(CallError { code: Code::DiskFull, .. }) => {
                "Depolama alanı dolu. Kayıtlarınız duruyor; yer açıp MBS'yi yeniden başlatın.".into()
            }
            Self::Core(CallError { code: Code::KeyStore, .. }) => {
                "Bu cihazın anahtarlığı kapalı ya da kayıtların anahtarı orada değil. Kayıtlarınız duruyor. Cihazın kilidini açıp MBS'yi \
                 yeniden başlatın; olmazsa belediyeye götürün: kayıtlarınızı açabilir."
                    .into()
            }
            Self::Core(_) => "MBS veri tabanını açamıyor. Kayıtlarınıza dokunulmadı. Yeniden deneyin; olmazsa belediyeye haber verin.".into(),
        }
    }

    /// The same in English.
    pub(crate) fn english(&self) -> String {
        match self {
            Self::Taken { dir } => format!(
                "MBS is already open with {}. Use that window, or choose another folder with --data.",
                dir.display()
            ),
            Self::Folder { dir, why } => {
                format!("MBS cannot use its data folder {}: {why}. Check the folder's permissions.", dir.display())
            }
            Self::Core(CallError { code: Code::DiskFull, .. }) => {
                "The disk is full. Your records are kept; free some space and start MBS again.".into()
            }
            Self::Core(CallError { code: Code::KeyStore, detail }) => format!(
                "This device's key store is closed, or has the records' key no more. Your records are kept. Unlock the device and start \
                 MBS again; else take it to the municipality, which can open them. ({detail})"
            ),
            Self::Core(error) => {
                format!(
                    "MBS cannot open its database. Your records were not touched. Try again; else tell the municipality. ({})",
                    error.detail
                )
            }
        }
    }
}

/// Where the trouble lies while its window is open.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Trouble>>);

impl Slot {
    pub(crate) fn fill(&self, trouble: Trouble) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    fn page(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(page).unwrap_or_default()
    }
}

/// The page of the window.
pub(crate) fn serve<R: Runtime>(context: UriSchemeContext<'_, R>, _: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(context.app_handle().state::<Slot>().page().into_bytes());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn page(trouble: &Trouble) -> String {
    let (turkish, english) = (escape(&trouble.turkish()), escape(&trouble.english()));
    format!(
        "<!doctype html><html lang=tr><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>MBS açılamadı</title>\
         <style>:root{{color-scheme:light dark}}body{{font:1.25rem/1.5 \"Noto Sans\",system-ui,sans-serif;background:#f4f2ec;color:#1b1f23;\
         max-width:34rem;margin:12vh auto;padding:0 1.5rem}}h1{{font-size:1.75rem;color:#0b5566}}[lang=en]{{color:#4a4f55;font-size:1rem}}\
         @media(prefers-color-scheme:dark){{body{{background:#12161a;color:#f1efe9}}h1{{color:#7cc7d8}}[lang=en]{{color:#bcc2c7}}}}</style>\
         <main><h1>MBS açılamadı</h1><p>{turkish}</p><p lang=en>{english}</p></main></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use mbs_tablet::error::fail;

    use super::*;

    #[test]
    fn each_trouble_says_what_to_do_in_both_languages() {
        let dir = PathBuf::from("/srv/<b>");
        let troubles = [
            Trouble::Taken { dir: dir.clone() },
            Trouble::Folder { dir, why: "Permission denied".into() },
            Trouble::Core(fail(Code::DiskFull, "")),
            Trouble::Core(fail(Code::KeyStore, "x & y")),
            Trouble::Core(fail(Code::Storage, "x & y")),
        ];
        for trouble in troubles {
            let page = page(&trouble);
            assert!(page.contains(&escape(&trouble.turkish())) && page.contains(&escape(&trouble.english())), "{page}");
            assert!(!page.contains("<b>"), "{page}");
        }
    }
}
