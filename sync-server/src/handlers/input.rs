//! What a handler reads from a call. As axum's own extractors, but for what they say when they refuse:
//! every route answers with the one envelope.

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use mbs_shared::wire::error::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Fault;

/// A JSON body; as an answer too.
#[derive(Debug)]
pub struct Json<T>(pub T);
/// The query of the address.
#[derive(Debug)]
pub struct Query<T>(pub T);
/// What stands in the path.
#[derive(Debug)]
pub struct Path<T>(pub T);
/// A body as it came.
#[derive(Debug)]
pub struct Bytes(pub axum::body::Bytes);

/// Our refusal for axum's: its sentence goes along, because a programmer reads it.
fn refused(status: StatusCode, why: &str) -> Fault {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Code::TooLarge.into();
    }
    Fault::because(Code::Malformed, format!("Gelen veri anlaşılamadı: {why}"))
}

macro_rules! from_rejection {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Fault {
            fn from(e: $rejection) -> Self {
                refused(e.status(), &e.body_text())
            }
        }
    )*};
}
from_rejection!(BytesRejection, JsonRejection, PathRejection, QueryRejection);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        Ok(axum::Json::from_request(request, state).await.map(|axum::Json(v)| Self(v))?)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        Ok(axum::extract::Query::from_request_parts(parts, state).await.map(|axum::extract::Query(v)| Self(v))?)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        Ok(axum::extract::Path::from_request_parts(parts, state).await.map(|axum::extract::Path(v)| Self(v))?)
    }
}

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        Ok(axum::body::Bytes::from_request(request, state).await.map(Self)?)
    }
}
