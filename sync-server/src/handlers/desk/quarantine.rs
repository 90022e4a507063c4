//! `GET quarantine` and `POST quarantine/{id}`: what was refused, for a person's decision.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use mbs_shared::id::{Prefix, RequestId};
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::sight::in_districts;
use crate::database::quarantine::{self as held, Held};
use crate::database::{devices, requests};
use crate::error::{Fault, sentence};
use crate::handlers::input::{Json, Path};
use crate::operate::quarantine::{self, HeldKind, NotTaken};
use crate::service::Service;

use super::{Seat, with_names};

/// Items shown at once, the oldest first.
const MOST: u32 = 100;
/// Words of an item that are shown, in characters.
const SHOWN: usize = 400;

/// What was refused, for a person's decision.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Quarantine {
    /// The oldest of it.
    pub items: Vec<HeldItem>,
    /// How much there is in all.
    pub total: u32,
}

/// One thing that was refused.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct HeldItem {
    /// Its number.
    #[ts(type = "number")]
    pub id: i64,
    /// When it came, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// First part of its tablet's case numbers.
    pub tablet: String,
    /// Neighbourhood and district of that tablet.
    pub place: String,
    /// What it is.
    pub what: HeldKind,
    /// How it begins; empty where it has no words, or they are private.
    pub words: String,
    /// Why it was refused.
    pub reason: Code,
    /// The same as a sentence.
    pub why: &'static str,
    /// The request it belongs to, where that is here.
    #[ts(type = "string | null")]
    pub request: Option<RequestId>,
    /// Its official number.
    pub no: Option<String>,
    /// Whether it may be taken in; what it builds on and every check are looked at then.
    pub may_accept: bool,
}

/// Decides one.
#[derive(Debug, Clone, Copy, Deserialize, TS)]
#[ts(export)]
pub struct Decide {
    /// Taken in as its tablet's, or put away for good.
    pub accept: bool,
}

/// What waits.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Quarantine>, Fault> {
    shown(&service, &seat).map(Json)
}

/// One is taken in after all, as its tablet's, or put away for good.
///
/// # Errors
/// [`Code::NotFound`] when somebody else has decided; a sentence that says why it cannot be taken in: then it stays.
pub async fn decide(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
    Json(Decide { accept }): Json<Decide>,
) -> Result<Json<Quarantine>, Fault> {
    let id: i64 = id.parse().map_err(|_| Fault::new(Code::Malformed))?;
    let tablet = service.db.ask(|s| match held::one(s, id)? {
        Some(item) => devices::by_prefix(s, item.prefix),
        None => Ok(None),
    })?;
    if tablet.is_some_and(|t| !in_districts(service.directory(), &seat.0, service.scopes.code(t.scope))) {
        return Err(fault(NotTaken::Unknown(id)));
    }
    let refused = if accept {
        let ready = quarantine::ready(&service, id).map_err(fault)?;
        let inner = service.clone();
        service.write(move |tx| quarantine::take(tx, &inner, ready)).await?
    } else {
        let was = service.write(move |tx| quarantine::put_away(tx, id)).await?;
        (!was).then_some(NotTaken::Unknown(id))
    };
    if let Some(why) = refused {
        return Err(fault(why));
    }
    tracing::info!(item = id, accept, staff = seat.0.id, "quarantine was decided");
    shown(&service, &seat).map(Json)
}

fn fault(why: NotTaken) -> Fault {
    let (code, sentence) = match why {
        NotTaken::Unknown(_) => {
            (Code::NotFound, "Bu kayıt artık karantinada değil; başkası karar vermiş olabilir.".into())
        }
        NotTaken::Decision(_) => {
            (Code::NotNow, "Geri yüklemeden önceki bir karar: masada yeniden karar verin, sonra bunu kaldırın.".into())
        }
        NotTaken::NoTablet => (Code::NotFound, "Gönderen tablet bu sunucuda kayıtlı değil.".into()),
        NotTaken::Builds(_) => {
            (Code::NotNow, "Bu kayıt burada olmayan bir kayda dayanıyor: önce onu içeri alın.".into())
        }
        NotTaken::Begun(_) => (Code::NotNow, "Bu başvuru başka bir başlangıçla zaten burada.".into()),
        NotTaken::Fails(_, Some(code)) => (Code::NotNow, format!("Denetimden geçmiyor: {}", sentence(code))),
        NotTaken::Fails(_, None) => (Code::NotNow, "Denetimden geçmiyor.".into()),
        NotTaken::Fault(fault) => return fault,
    };
    Fault::because(code, sentence)
}

fn shown(service: &Service, seat: &Seat) -> Result<Quarantine, Fault> {
    let limited = !seat.0.districts.is_empty();
    let (total, held, scopes, here) = service.db.ask(|s| {
        let mut held = held::list(s, if limited { u32::MAX } else { MOST })?;
        let fleet = if held.is_empty() { Vec::new() } else { devices::fleet(s)? };
        let scopes: HashMap<u32, u32> = fleet.into_iter().map(|d| (d.prefix, d.scope)).collect();
        let total = if limited {
            let home = |item: &Held| service.scopes.code(scopes.get(&item.prefix).copied().unwrap_or(0));
            held.retain(|item| in_districts(service.directory(), &seat.0, home(item)));
            u32::try_from(held.len()).unwrap_or(u32::MAX)
        } else {
            held::total(s)?
        };
        held.truncate(MOST as usize);
        let heads = held.iter().map(|item| requests::by_id(s, item.request)).collect::<Result<Vec<_>, _>>()?;
        Ok((total, held, scopes, heads))
    })?;
    let items = with_names(service, |names| {
        let item = |(item, head): (Held, Option<requests::Head>)| {
            let (what, words) = quarantine::describe(&item, SHOWN);
            let scope = scopes.get(&item.prefix).copied().unwrap_or(0);
            HeldItem {
                id: item.id,
                at: item.at,
                tablet: Prefix::new(item.prefix).to_string(),
                place: names.place(service.scopes.code(scope)),
                what,
                words,
                reason: item.code,
                why: sentence(item.code),
                request: head.as_ref().map(|head| head.id),
                no: head.map(|head| head.no.to_string()),
                may_accept: matches!(what, HeldKind::Request | HeldKind::Edit | HeldKind::Entry),
            }
        };
        held.into_iter().zip(here).map(item).collect()
    });
    Ok(Quarantine { items, total })
}
