//! Who signs in and the keys of programs: `GET accounts`, `POST accounts`, `POST accounts/{login}`, `POST keys`,
//! `POST keys/revoke`; and one's own password: `POST password`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use mbs_shared::directory::Directory;
use mbs_shared::id::Prefix;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::{keys, password, provider, rights, staff as auth};
use crate::database::staff;
use crate::database::{DbResult, Session, api_keys};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

use super::directory::DeskDistrict;
use super::second_factor::is_really;
use super::session::{Me, me_of};
use super::view::{Role, UnitRef};
use super::{Names, Seat, with_names};

/// Longest name of a person or a key, in bytes.
const MAX_NAME: usize = 120;
/// Longest name at the identity provider, in bytes: an e-mail address has no more.
const MAX_EXTERNAL: usize = 254;
/// Longest life of a key, in days.
const MAX_DAYS: u32 = 5 * 366;

/// Who signs in, and what programs read with.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Accounts {
    /// People, by sign-in name.
    pub people: Vec<Account>,
    /// Keys, by name.
    pub keys: Vec<ProgramKey>,
    /// What was made just now and is shown this once: a password or a key.
    pub secret: Option<String>,
    /// What people call the identity provider, where there is one.
    pub provider: Option<String>,
}

/// Someone who signs in, or did.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Account {
    /// Name to sign in with.
    pub login: String,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Unit, for those who work in one.
    pub unit: Option<UnitRef>,
    /// Districts whose muhtarlıks they are limited to; none: all.
    pub districts: Vec<DeskDistrict>,
    /// Whether they sign in with a second factor.
    pub second_factor: bool,
    /// Since when, Unix ms.
    #[ts(type = "number")]
    pub created: i64,
    /// From when on not any more, Unix ms.
    #[ts(type = "number | null")]
    pub disabled: Option<i64>,
    /// Name at the identity provider; empty: they do not sign in by it.
    pub external: String,
    /// Whether they came by it once, so that the name counts no more.
    pub bound: bool,
    /// Whether it is the person who looks.
    pub own: bool,
}

/// A key of a program.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct ProgramKey {
    /// What it is for.
    pub name: String,
    /// Unit whose subtree it reads.
    pub unit: UnitRef,
    /// Whether it may also write what that unit decides.
    pub writes: bool,
    /// Since when, Unix ms.
    #[ts(type = "number")]
    pub created: i64,
    /// Until when it is good, Unix ms.
    #[ts(type = "number")]
    pub expires: i64,
    /// When it was revoked, Unix ms.
    #[ts(type = "number | null")]
    pub revoked: Option<i64>,
}

/// A new person.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewAccount {
    /// Name to sign in with.
    pub login: String,
    /// Name to show.
    pub name: String,
    /// What they do.
    #[serde(flatten)]
    pub duty: Duty,
}

/// What somebody does at the desk, and where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[ts(export)]
pub struct Duty {
    /// Role.
    pub role: Role,
    /// Unit code, for those who work in one; empty for others.
    pub unit: String,
    /// Codes of the districts whose muhtarlıks they are limited to; none: all.
    #[serde(default)]
    pub districts: Vec<String>,
}

impl Duty {
    /// As it is kept: a unit where the role has one, districts where it can be limited to some.
    fn checked(mut self, directory: &Directory) -> Result<Self, Fault> {
        if !rights::works_in_unit(self.role) {
            self.unit = String::new();
        } else if directory.unit(&self.unit).is_none_or(|unit| unit.retired) {
            return Err(Fault::bad_input("unit: Bu görev için kişinin birimini seçin."));
        }
        if !rights::can_be_limited(self.role) {
            self.districts = Vec::new();
        }
        if self.districts.iter().any(|code| directory.district(code).is_none()) {
            return Err(Fault::bad_input("districts: İlçe dizinde yok; listeden seçin."));
        }
        self.districts.sort_unstable();
        self.districts.dedup();
        Ok(self)
    }
}

/// What is done to an account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AccountChange {
    /// A new password, shown once; the person is signed out everywhere.
    NewPassword,
    /// Takes the second factor away, e.g. when the telephone is lost.
    NoSecondFactor,
    /// Can sign in no more, and is signed out everywhere.
    Disable,
    /// Can sign in again.
    Enable,
    /// Another role, unit, or districts. It holds at once.
    Duty(Duty),
    /// Another name at the identity provider, or none; the person is signed out everywhere, and whoever comes under that
    /// name first is them.
    External(String),
}

/// [`AccountChange`] as it is sent.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct ChangeAccount {
    /// What.
    pub change: AccountChange,
}

/// A new key.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// Code of the unit whose subtree it reads.
    pub unit: String,
    /// Days until it expires.
    pub days: u32,
    /// Whether it may also write what that unit decides.
    #[serde(default)]
    pub writes: bool,
}

/// Which keys are revoked.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct RevokeKey {
    /// The name they were made with.
    pub name: String,
}

/// One's own new password.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewPassword {
    /// The one until now.
    pub old: String,
    /// The one from now on.
    pub new: String,
}

/// People and keys.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Accounts>, Fault> {
    all(&service, &seat, None).map(Json)
}

/// A new person, with a password that is shown once.
///
/// # Errors
/// [`Code::BadInput`] with the field.
pub async fn add(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(new): Json<NewAccount>,
) -> Result<Json<Accounts>, Fault> {
    let login = auth::login(&new.login).ok_or_else(|| {
        Fault::bad_input("login: Kullanıcı adında küçük harf (ç, ğ, ı, ö, ş, ü olmadan), rakam, nokta, _ ve - olabilir; en az 3 karakter.")
    })?;
    let name = named(&new.name)?;
    let Duty { role, unit, districts } = new.duty.checked(service.directory())?;
    let (secret, hash) = fresh(&service).await?;
    let now = service.clock.now();
    let added = service.write(move |tx| {
        let s = tx.session();
        Ok(staff::add(s, &login, &name, role, &unit, &hash, now)?
            && staff::set_duty(s, &login, role, &unit, &districts)?)
    });
    let added = added.await?;
    if !added {
        return Err(Fault::bad_input("login: Bu kullanıcı adı alınmış; başkasını seçin."));
    }
    tracing::info!(by = seat.0.id, role = role.code(), "a person was added");
    all(&service, &seat, Some(secret)).map(Json)
}

/// Something is done to an account.
///
/// # Errors
/// [`Code::NotFound`]; [`Code::Forbidden`] where one would lock oneself out.
pub async fn change(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(login): Path<String>,
    Json(ChangeAccount { change }): Json<ChangeAccount>,
) -> Result<Json<Accounts>, Fault> {
    let own = service.db.ask(|s| staff::login(s, seat.0.id))?;
    // So that somebody is left who can undo it.
    if login == own && change != AccountChange::Enable {
        return Err(Fault::because(
            Code::Forbidden,
            "Kendi hesabınızı buradan değiştiremezsiniz; Oturum menüsünü kullanın.",
        ));
    }
    let change = match change {
        AccountChange::Duty(duty) => AccountChange::Duty(duty.checked(service.directory())?),
        other => other,
    };
    let change = match change {
        AccountChange::External(name) => AccountChange::External(external(&name)?),
        other => other,
    };
    // A name is nobody else's business.
    let what = match &change {
        AccountChange::External(_) => "External".to_owned(),
        other => format!("{other:?}"),
    };
    let fresh = if change == AccountChange::NewPassword { Some(fresh(&service).await?) } else { None };
    let (secret, hash) = fresh.map_or((None, String::new()), |(secret, hash)| (Some(secret), hash));
    let now = service.clock.now();
    let done = service.write(move |tx| {
        let s = tx.session();
        Ok(match change {
            AccountChange::NewPassword => staff::set_password(s, &login, &hash)?,
            AccountChange::NoSecondFactor => staff::no_second(s, &login)?,
            AccountChange::Disable => staff::disable(s, &login, now)?,
            AccountChange::Enable => staff::enable(s, &login)?,
            AccountChange::Duty(Duty { role, unit, districts }) => staff::set_duty(s, &login, role, &unit, &districts)?,
            AccountChange::External(name) => match staff::set_external(s, &login, &name)? {
                false if staff::known(s, &login)? => {
                    return Err(Fault::bad_input("external: Bu ad başka bir kullanıcıya yazılmış."));
                }
                done => done,
            },
        })
    });
    if !done.await? {
        return Err(Code::NotFound.into());
    }
    tracing::info!(by = seat.0.id, change = what, "an account was changed");
    all(&service, &seat, secret).map(Json)
}

/// A new key, shown once.
///
/// # Errors
/// [`Code::BadInput`] with the field.
pub async fn add_key(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(new): Json<NewKey>,
) -> Result<Json<Accounts>, Fault> {
    let name = named(&new.name)?;
    if service.directory().unit(&new.unit).is_none() {
        return Err(Fault::bad_input("unit: Anahtarın okuyacağı birimi seçin."));
    }
    if !(1..=MAX_DAYS).contains(&new.days) {
        return Err(Fault::bad_input("days: Anahtar en az 1 gün, en çok 5 yıl geçerli olabilir."));
    }
    let text = keys::text(&service.random.bytes());
    let (hash, now) = (keys::hash(&text), service.clock.now());
    let (expires, unit, shown) = (now + i64::from(new.days) * 86_400_000, new.unit, name.clone());
    service.write(move |tx| Ok(api_keys::add(tx.session(), &hash, &name, &unit, now, expires, new.writes)?)).await?;
    tracing::info!(by = seat.0.id, name = shown, "a key was made");
    all(&service, &seat, Some(text)).map(Json)
}

/// The keys of a name are good no more.
///
/// # Errors
/// [`Code::NotFound`].
pub async fn revoke_key(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(RevokeKey { name }): Json<RevokeKey>,
) -> Result<Json<Accounts>, Fault> {
    let (now, whose) = (service.clock.now(), name.clone());
    if service.write(move |tx| Ok(api_keys::revoke(tx.session(), &whose, now)?)).await? == 0 {
        return Err(Code::NotFound.into());
    }
    tracing::info!(by = seat.0.id, name, "a key was revoked");
    all(&service, &seat, None).map(Json)
}

/// One's own password. Whoever sits elsewhere under the same name is signed out.
///
/// # Errors
/// [`Code::BadInput`] for a wrong old one, or a new one that is too short; [`Code::SlowDown`].
pub async fn own_password(
    State(service): State<Arc<Service>>,
    Seat(person): Seat,
    headers: HeaderMap,
    Json(NewPassword { old, new }): Json<NewPassword>,
) -> Result<Json<Me>, Fault> {
    is_really(&service, &person, &old).await?;
    let salt = service.random.bytes();
    let hashed = tokio::task::spawn_blocking(move || password::hash(&new, salt)).await.map_err(Fault::internal)?;
    let hash = hashed.map_err(|_| Fault::bad_input("new: Yeni parola en az 10 karakter olmalı."))?;
    let here = auth::session_hash(&headers).ok_or(Code::SignIn)?;
    let login = service.db.ask(|s| staff::login(s, person.id))?;
    let id = person.id;
    service.write(move |tx| Ok(staff::change_password(tx.session(), &login, id, &hash, &here)?)).await?;
    Ok(Json(me_of(&service, &person)))
}

/// A name at the identity provider, as it is kept.
fn external(text: &str) -> Result<String, Fault> {
    let name = provider::external(text);
    if name.len() > MAX_EXTERNAL {
        return Err(Fault::bad_input("external: Kurum hesabının adı en çok 250 harf olabilir."));
    }
    Ok(name)
}

fn named(text: &str) -> Result<String, Fault> {
    let name = text.trim();
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Fault::bad_input("name: Bir ad yazın (en çok 120 harf)."));
    }
    Ok(name.to_owned())
}

/// A password nobody has chosen: eighty bits in groups one can read out, and its hash.
async fn fresh(service: &Arc<Service>) -> Result<(String, String), Fault> {
    let salt = service.random.bytes();
    let groups: Vec<String> = service
        .random
        .bytes::<16>()
        .chunks(4)
        .map(|four| Prefix::new(four.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))).to_string())
        .collect();
    let text = groups.join("-");
    let secret = text.clone();
    let hash = tokio::task::spawn_blocking(move || password::hash(&secret, salt)).await.map_err(Fault::internal)?;
    Ok((text, hash.map_err(|e| Fault::internal(anyhow::anyhow!(e)))?))
}

fn all(service: &Service, seat: &Seat, secret: Option<String>) -> Result<Accounts, Fault> {
    let all = service.db.ask(|s| with_names(service, |names| accounts(s, names, seat, secret)))?;
    Ok(Accounts { provider: service.provider.as_ref().map(|provider| provider.name().to_owned()), ..all })
}

fn accounts(s: &mut dyn Session, names: Names<'_>, seat: &Seat, secret: Option<String>) -> DbResult<Accounts> {
    let people = staff::all(s)?
        .into_iter()
        .map(|one| Account {
            login: one.login,
            name: one.person.name,
            role: one.person.role,
            unit: names.unit(&one.person.unit),
            districts: names.districts(&one.person.districts),
            second_factor: one.person.second != 0,
            created: one.created,
            disabled: (one.disabled != 0).then_some(one.disabled),
            external: one.external,
            bound: one.bound,
            own: one.person.id == seat.0.id,
        })
        .collect();
    let keys = api_keys::all(s)?
        .into_iter()
        .filter_map(|key| {
            Some(ProgramKey {
                unit: names.unit(&key.unit)?,
                name: key.name,
                writes: key.writes,
                created: key.created,
                expires: key.expires,
                revoked: (key.revoked != 0).then_some(key.revoked),
            })
        })
        .collect();
    Ok(Accounts { people, keys, secret, provider: None })
}
