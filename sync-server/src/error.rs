//! One way to fail: a code, a plain sentence, and a cause that only the log sees.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mbs_shared::wire::error::{Code, Envelope};

use crate::database::{DbError, WriteError};

/// Why a call was refused.
#[derive(Debug)]
pub struct Fault {
    /// What the caller acts on.
    pub code: Code,
    /// A plain sentence that says what to do.
    pub message: Cow<'static, str>,
    /// For the log only.
    pub cause: Option<anyhow::Error>,
}

impl Fault {
    /// A refusal with the code's own sentence.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, message: Cow::Borrowed(sentence(code)), cause: None }
    }

    /// A refusal with its own sentence.
    #[must_use]
    pub fn because(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), cause: None }
    }

    /// What a person or program gave is missing or wrong; the sentence says what to do.
    #[must_use]
    pub fn bad_input(message: impl Into<Cow<'static, str>>) -> Self {
        Self::because(Code::BadInput, message)
    }

    /// Our own failure.
    #[must_use]
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Internal).caused_by(cause)
    }

    /// Adds what the log should know.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<DbError> for Fault {
    fn from(e: DbError) -> Self {
        Self::new(if e.is_transient() { Code::Busy } else { Code::Internal }).caused_by(e)
    }
}

impl From<WriteError> for Fault {
    fn from(e: WriteError) -> Self {
        match e {
            WriteError::NotWritten(e) => e.into(),
            // It may be durable or not: repeating is harmless and settles it.
            unknown @ WriteError::Unknown(_) => Self::new(Code::Busy).caused_by(unknown),
        }
    }
}

/// Seconds a caller waits before it comes back.
const RETRY_AFTER: &str = "2";

/// HTTP status of a code.
#[must_use]
pub const fn status(code: Code) -> StatusCode {
    match code {
        Code::Malformed => StatusCode::BAD_REQUEST,
        Code::TooLarge | Code::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnknownDevice | Code::Revoked | Code::SignIn | Code::SecondFactor => StatusCode::UNAUTHORIZED,
        Code::ForeignRequest | Code::ForeignActor | Code::Forbidden | Code::CrossSite | Code::BadEnrolmentCode => {
            StatusCode::FORBIDDEN
        }
        Code::UnknownBlob | Code::NotFound => StatusCode::NOT_FOUND,
        Code::BadOffset | Code::Stale | Code::NotNow => StatusCode::CONFLICT,
        Code::UnknownKey
        | Code::BadValue
        | Code::BadOperation
        | Code::BadHistory
        | Code::BadHash
        | Code::HashMismatch
        | Code::BadInput
        | Code::RetiredUnit => StatusCode::UNPROCESSABLE_ENTITY,
        Code::AppTooOld | Code::AppTooNew => StatusCode::UPGRADE_REQUIRED,
        Code::SlowDown => StatusCode::TOO_MANY_REQUESTS,
        Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Code::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a code says when nothing more is known. Screens have their own words; these are for people
/// who read an answer as it came.
#[must_use]
pub const fn sentence(code: Code) -> &'static str {
    match code {
        Code::Malformed => "Gelen veri anlaşılamadı.",
        Code::TooLarge => "Gönderilen veri izin verilenden büyük.",
        Code::TooMany => "Bir seferde izin verilenden çok öğe gönderildi.",
        Code::UnknownDevice => "Bu tablet tanınmıyor. Tabletteki her şey durur; tableti yeniden kaydedin.",
        Code::Revoked => "Bu tabletin yetkisi kaldırıldı.",
        Code::ForeignRequest => "Başvuru başka bir muhtarlığa ait.",
        Code::ForeignActor => "Değişiklik başka bir cihazda yapılmış.",
        Code::UnknownKey => "Başvuruda bilinmeyen bir alan var.",
        Code::BadValue => "Bir alanın değeri uygun değil.",
        Code::BadOperation => "Başvuruda izin verilmeyen bir işlem var.",
        Code::BadHistory => "Değişiklik öncekilerle uyuşmuyor.",
        Code::BadHash => "Değişikliğin özeti tutmuyor.",
        Code::UnknownBlob => "Bu fotoğraf, yazabileceğiniz bir başvuruda geçmiyor.",
        Code::BadOffset => "Gönderim başka bir yerden sürmeli.",
        Code::HashMismatch => "Gelen baytlar adıyla uyuşmuyor; baştan gönderin.",
        Code::NotFound => "Aranan bulunamadı.",
        Code::Busy => "Sunucu şu anda yoğun; birazdan yeniden deneyin.",
        Code::AppTooOld => "Uygulama bu sunucu için eski; güncelleyin. Hiçbir şey kaybolmaz.",
        Code::AppTooNew => "Uygulama bu sunucudan yeni; sunucu güncellenince sürecek. Hiçbir şey kaybolmaz.",
        Code::BadEnrolmentCode => "Kayıt kodu bilinmiyor, kullanılmış ya da süresi dolmuş; yeni kod isteyin.",
        Code::SignIn => "Önce oturum açın.",
        Code::Forbidden => "Bu işlem için yetkiniz yok.",
        Code::Stale => "Başvuru bu arada değişti; yeniden bakın.",
        Code::NotNow => "Başvurunun bulunduğu durumda bu adım atılamaz.",
        Code::BadInput => "Bir alan eksik ya da yanlış.",
        Code::SlowDown => "Çok sayıda deneme yapıldı; biraz bekleyin.",
        Code::Internal => "Sunucuda bir hata oldu; istek numarasıyla kayıtlardan bulunur.",
        Code::RetiredUnit => "Bu birim kapatılmış; yerine bakan birimi seçin.",
        Code::CrossSite => "İstek başka bir siteden geldi.",
        Code::TimedOut => "İşlem çok uzun sürdü; yeniden deneyin.",
        Code::SecondFactor => "Uygulamanızdaki altı rakamlı kodu yazın.",
    }
}

/// A new request id: the start of this process, and a count.
#[must_use]
pub fn request_id() -> String {
    static START: OnceLock<u32> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let start = START.get_or_init(|| {
        let mut bytes = [0; 4];
        // Only a name: if chance fails here, ids of two starts may look alike.
        let _ = getrandom::fill(&mut bytes);
        u32::from_le_bytes(bytes)
    });
    format!("{start:08x}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed))
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let request_id = request_id();
        let status = status(self.code);
        match &self.cause {
            Some(cause) if status.is_server_error() => {
                tracing::error!(request_id, code = ?self.code, cause = format!("{cause:#}"), "failed");
            }
            Some(cause) => tracing::info!(request_id, code = ?self.code, cause = format!("{cause:#}"), "refused"),
            None => tracing::info!(request_id, code = ?self.code, "refused"),
        }
        let envelope = Envelope { code: self.code, message: self.message.into_owned(), request_id: request_id.clone() };
        let mut response = (status, Json(envelope)).into_response();
        if matches!(self.code, Code::Busy | Code::SlowDown) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
}
