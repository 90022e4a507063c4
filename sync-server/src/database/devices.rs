//! Tablets.

use mbs_shared::id::{DeviceNo, PublicKey};
use mbs_shared::wire::sync::About;

use super::{DbResult, Row, Session, statements};

statements! {
    /// A new tablet.
    ADD = "insert into device (no, prefix, mandate, token, public_key, app, enrolled, seen) \
           values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict do nothing returning id";
    /// All tablets, for the map in memory.
    ALL = "select d.id, d.no, d.token, d.mandate, m.scope, d.revoked, d.created, d.prefix, d.twin \
           from device d join mandate m on m.id = d.mandate order by d.id";
    /// One tablet by its token.
    BY_TOKEN = "select d.id, d.no, d.token, d.mandate, m.scope, d.revoked, d.created, d.prefix, d.twin \
                from device d join mandate m on m.id = d.mandate where d.token = $1";
    /// Tablets of that mandate are no longer taken for two with one identity.
    NO_TWIN = "update device set twin = 0 where mandate = $1 and twin <> 0";
    /// Revokes a tablet by its prefix.
    REVOKE = "update device set revoked = $1 where prefix = $2 and revoked = 0";
    /// One tablet by its number.
    BY_NO = "select d.id, d.no, d.token, d.mandate, m.scope, d.revoked, d.created, d.prefix, d.twin \
             from device d join mandate m on m.id = d.mandate where d.no = $1";
    /// What one signs its courier bundles with.
    KEY = "select public_key from device where no = $1";
    /// One tablet by its prefix.
    BY_PREFIX = "select d.id, d.no, d.token, d.mandate, m.scope, d.revoked, d.created, d.prefix, d.twin \
                 from device d join mandate m on m.id = d.mandate where d.prefix = $1";
    /// Tablets of the mandate that runs in a neighbourhood, those that are not revoked.
    OF_SCOPE = "select d.no from device d join mandate m on m.id = d.mandate \
                where m.scope = $1 and m.until = 0 and d.revoked = 0 order by d.id";
    /// What a tablet says of itself.
    SET_ABOUT = "update device set app = $1, free = $2, battery = $3 where id = $4";
    /// Revokes a tablet by its number.
    REVOKE_NO = "update device set revoked = $1 where no = $2 and revoked = 0";
    /// The fleet, for the desk.
    FLEET = "select d.prefix, m.scope, d.app, d.seen, d.created, d.arrived, d.revoked, d.twin, d.id, d.free, d.battery \
             from device d join mandate m on m.id = d.mandate order by d.id";
}

/// A tablet as the map in memory knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Row id.
    pub id: i64,
    /// Device number.
    pub no: DeviceNo,
    /// SHA-256 of its token.
    pub token: [u8; 32],
    /// Mandate it serves.
    pub mandate: i64,
    /// Neighbourhood of that mandate.
    pub scope: u32,
    /// When it was revoked; 0: it was not.
    pub revoked: i64,
    /// Things it says it made.
    pub created: u32,
    /// Begins its case numbers.
    pub prefix: u32,
    /// When it was seen to be two tablets with one identity; 0: never.
    pub twin: i64,
}

fn device(r: &dyn Row) -> DbResult<Device> {
    Ok(Device {
        id: r.int(0)?,
        no: DeviceNo(r.int(1)?.cast_unsigned()),
        token: r.bytes32(2)?,
        mandate: r.int(3)?,
        scope: r.count(4)?,
        revoked: r.int(5)?,
        created: r.count(6)?,
        prefix: r.count(7)?,
        twin: r.int(8)?,
    })
}

/// All tablets.
///
/// # Errors
/// [`super::DbError`].
pub fn all(session: &mut dyn Session) -> DbResult<Vec<Device>> {
    session.all(ALL, &[], device)
}

/// The tablet with that token.
///
/// # Errors
/// [`super::DbError`].
pub fn by_token(session: &mut dyn Session, token: &[u8; 32]) -> DbResult<Option<Device>> {
    session.first(BY_TOKEN, &[token.into()], device)
}

/// The tablet with that number.
///
/// # Errors
/// [`super::DbError`].
pub fn by_no(session: &mut dyn Session, no: DeviceNo) -> DbResult<Option<Device>> {
    session.first(BY_NO, &[no.0.cast_signed().into()], device)
}

/// Tablets of the mandate that runs in `scope`, those that are not revoked.
///
/// # Errors
/// [`super::DbError`].
pub fn of_scope(session: &mut dyn Session, scope: u32) -> DbResult<Vec<DeviceNo>> {
    session.all(OF_SCOPE, &[scope.into()], |r| Ok(DeviceNo(r.int(0)?.cast_unsigned())))
}

/// The tablet whose case numbers begin so.
///
/// # Errors
/// [`super::DbError`].
pub fn by_prefix(session: &mut dyn Session, prefix: u32) -> DbResult<Option<Device>> {
    session.first(BY_PREFIX, &[prefix.into()], device)
}

/// What a tablet signs its courier bundles with; `None` when there is no such tablet.
///
/// # Errors
/// [`super::DbError`].
pub fn key_of(session: &mut dyn Session, no: DeviceNo) -> DbResult<Option<PublicKey>> {
    session.first(KEY, &[no.0.cast_signed().into()], |r| Ok(PublicKey(r.bytes32(0)?)))
}

/// One line of the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRow {
    /// Begins its case numbers.
    pub prefix: u32,
    /// Neighbourhood.
    pub scope: u32,
    /// Version of its app.
    pub app: String,
    /// Last contact.
    pub seen: i64,
    /// Things it says it made.
    pub created: u32,
    /// Things of it that were accepted.
    pub arrived: u32,
    /// When it was revoked; 0: it was not.
    pub revoked: i64,
    /// When it was seen to be two tablets with one identity; 0: never.
    pub twin: i64,
    /// Row id.
    pub id: i64,
    /// Room left on its disk as it said last, MiB; 0: it did not say.
    pub free: u32,
    /// How full its battery was as it said last, percent; `None`: it did not say.
    pub battery: Option<u8>,
}

/// The fleet.
///
/// # Errors
/// [`super::DbError`].
pub fn fleet(session: &mut dyn Session) -> DbResult<Vec<FleetRow>> {
    session.all(FLEET, &[], |r| {
        Ok(FleetRow {
            prefix: r.count(0)?,
            scope: r.count(1)?,
            app: r.text(2)?.to_owned(),
            seen: r.int(3)?,
            created: r.count(4)?,
            arrived: r.count(5)?,
            revoked: r.int(6)?,
            twin: r.int(7)?,
            id: r.int(8)?,
            free: r.count(9)?,
            battery: u8::try_from(r.int(10)?).ok(),
        })
    })
}

/// Writes what a tablet says of itself.
///
/// # Errors
/// [`super::DbError`].
pub fn set_about(session: &mut dyn Session, id: i64, about: &About) -> DbResult<()> {
    let battery = about.battery.map_or(-1, |percent| i64::from(percent.min(100)));
    session.send(SET_ABOUT, &[about.app.as_str().into(), about.free.into(), battery.into(), id.into()])
}
