//! An OpenID Connect provider, asked by authorization code with PKCE. The protocol and its checks are `openidconnect`'s;
//! here stand where it is asked, how long, and what its answers mean to us.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreIdToken,
    CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AccessToken, AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, DiscoveryError, EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardErrorResponse, SubjectIdentifier, TokenResponse as _, UserInfoClaims, http,
};
use serde_json::Value;

use super::provider::{Answer, Identity, Proofs, Provider, Settings, Trouble, external};

/// Most we read of one answer, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// How long what the provider says of itself is believed, in milliseconds.
const KNOWN: i64 = 60 * 60 * 1_000;
/// It is asked for its keys again at most once in so many milliseconds, however many tokens do not fit.
const AGAIN: i64 = 10 * 1_000;
/// How its tokens may be signed: never by a secret that two know, never not at all.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What the provider said of itself, and when.
#[derive(Clone)]
struct Known {
    at: i64,
    client: Arc<Client>,
}

/// An OpenID Connect provider.
pub(super) struct Oidc {
    settings: Settings,
    issuer: IssuerUrl,
    back: RedirectUrl,
    limit: Duration,
    http: Http,
    known: Mutex<Option<Known>>,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}

impl Oidc {
    /// That of the settings, which sends people back to `back` and answers each call within `limit`.
    ///
    /// # Errors
    /// When an address is none, or goes over a network in clear.
    pub(super) fn new(settings: Settings, back: &str, limit: Duration) -> Result<Self> {
        let issuer = IssuerUrl::new(settings.issuer.clone()).context("--oidc-issuer is no address")?;
        let here = issuer.url().host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
        if issuer.url().scheme() != "https" && !here {
            bail!("--oidc-issuer begins with https://");
        }
        if settings.client.is_empty() {
            bail!("--oidc-issuer needs --oidc-client: what the identity provider calls this server");
        }
        let back = RedirectUrl::new(back.to_owned()).context("--url is no address")?;
        // Found once, so that no other choice is compiled in or can be made by accident.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Where it would send us is its own business: nothing is followed.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(limit);
        let http = Http(http.build().context("starting the client of the identity provider")?);
        Ok(Self { settings, issuer, back, limit, http, known: Mutex::new(None) })
    }

    /// Within the limit, whatever is asked.
    async fn timely<T>(&self, asked: impl Future<Output = Result<T, Trouble>> + Send) -> Result<T, Trouble> {
        let late = |_| Trouble::Away(anyhow!("no answer within {:?}", self.limit));
        tokio::time::timeout(self.limit, asked).await.map_err(late)?
    }

    /// The provider as it said it was not long ago.
    async fn known(&self, now: i64) -> Result<Known, Trouble> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|known| (now - known.at).abs() <= KNOWN) {
            Some(known) => Ok(known),
            None => self.ask(now).await,
        }
    }

    /// The provider as it says it is now.
    async fn ask(&self, now: i64) -> Result<Known, Trouble> {
        let metadata =
            CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await.map_err(of_discovery)?;
        let methods = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let secret = (!self.settings.secret.is_empty()).then(|| ClientSecret::new(self.settings.secret.clone()));
        let mut client =
            CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client.clone()), secret)
                .set_redirect_uri(self.back.clone());
        if methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        let known = Known { at: now, client: Arc::new(client) };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    async fn begin_at(&self, proofs: Proofs, now: i64) -> Result<String, Trouble> {
        // Asked each time: nobody is sent to a page that does not come.
        let Known { client, .. } = self.ask(now).await?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(proofs.verifier));
        let (state, nonce) = (CsrfToken::new(proofs.state), Nonce::new(proofs.nonce));
        let (address, ..) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(address.into())
    }

    async fn finish_at(
        &self,
        proofs: Proofs,
        code: String,
        issuer: Option<String>,
        now: i64,
    ) -> Result<Identity, Trouble> {
        if issuer.is_some_and(|said| said != self.settings.issuer) {
            return Err(Trouble::Refused(anyhow!("the answer names another issuer")));
        }
        let Known { client, at } = self.known(now).await?;
        let trade = client.exchange_code(AuthorizationCode::new(code)).map_err(|e| Trouble::Refused(e.into()))?;
        let trade = trade.set_pkce_verifier(PkceCodeVerifier::new(proofs.verifier));
        let tokens = trade.request_async(&self.http).await.map_err(of_trade)?;
        let token = tokens.id_token().ok_or_else(|| Trouble::Refused(anyhow!("it gave no identity token")))?;
        let nonce = Nonce::new(proofs.nonce);
        let mut checked = subject(&client, token, &nonce, now);
        // Its keys may have changed since they were fetched.
        if matches!(checked, Err(ClaimsVerificationError::SignatureVerification(_))) && (now - at).abs() > AGAIN {
            checked = subject(&self.ask(now).await?.client, token, &nonce, now);
        }
        let subject = checked.map_err(|e| Trouble::Refused(anyhow::Error::new(e).context("its identity token")))?;
        // Proven now, and told in whole.
        let mut name = said(&payload(token).unwrap_or_default(), &self.settings.claim);
        if name.is_empty() {
            name = self.asked(&client, tokens.access_token().clone(), subject.clone()).await;
        }
        Ok(Identity { identity: format!("{} {}", self.settings.issuer, subject.as_str()), external: name })
    }

    /// The name where it is not in the token; empty where it is nowhere. People who came before need none.
    async fn asked(&self, client: &Client, token: AccessToken, subject: SubjectIdentifier) -> String {
        let Ok(question) = client.user_info(token, Some(subject)) else { return String::new() };
        let answer: Result<UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>, _> =
            question.request_async(&self.http).await;
        match answer {
            Ok(claims) => said(&serde_json::to_value(&claims).unwrap_or_default(), &self.settings.claim),
            Err(e) => {
                tracing::warn!(error = %e, "the identity provider was asked for a name and gave none");
                String::new()
            }
        }
    }
}

impl Provider for Oidc {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn second_factor(&self) -> bool {
        self.settings.second_factor
    }

    fn begin(&self, attempt: Proofs, now: i64) -> Answer<'_, String> {
        Box::pin(self.timely(self.begin_at(attempt, now)))
    }

    fn finish(&self, attempt: Proofs, code: String, issuer: Option<String>, now: i64) -> Answer<'_, Identity> {
        Box::pin(self.timely(self.finish_at(attempt, code, issuer, now)))
    }
}

/// Whom a token is about, once signature, issuer, audience, time and nonce are proven.
fn subject(
    client: &Client,
    token: &CoreIdToken,
    nonce: &Nonce,
    now: i64,
) -> Result<SubjectIdentifier, ClaimsVerificationError> {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(now.unsigned_abs());
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || at.into());
    Ok(token.claims(&verifier, nonce)?.subject().clone())
}

/// Everything a token says.
fn payload(token: &CoreIdToken) -> Option<Value> {
    let text = token.to_string();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?).ok()
}

/// The name in that claim. An e-mail address counts only where the provider vouches for it: else anybody who can write
/// one into their profile there would be whoever has it here.
fn said(claims: &Value, claim: &str) -> String {
    let vouched = claim != "email" || matches!(claims.get("email_verified"), Some(Value::Bool(true)));
    let name = claims.get(claim).and_then(Value::as_str).filter(|_| vouched);
    external(name.unwrap_or_default())
}

fn of_discovery(e: DiscoveryError<reqwest::Error>) -> Trouble {
    // Whatever it says instead of what it is: nobody can sign in there now.
    Trouble::Away(anyhow::Error::new(e).context("asking the identity provider who it is"))
}

type TradeError = RequestTokenError<reqwest::Error, StandardErrorResponse<CoreErrorResponseType>>;

fn of_trade(e: TradeError) -> Trouble {
    match e {
        RequestTokenError::ServerResponse(no) => Trouble::Refused(anyhow!("it refused the code: {no}")),
        other => Trouble::Away(anyhow::Error::new(other).context("trading the code in")),
    }
}

/// Our client, as the library wants one.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(request.try_into()?).await?;
            let mut out = http::Response::new(Vec::new());
            *out.status_mut() = answer.status();
            *out.headers_mut() = std::mem::take(answer.headers_mut());
            // What is longer is cut, and then is no JSON.
            while let Some(part) = answer.chunk().await? {
                out.body_mut().extend_from_slice(&part);
                if out.body().len() > MAX_ANSWER {
                    break;
                }
            }
            Ok(out)
        })
    }
}
