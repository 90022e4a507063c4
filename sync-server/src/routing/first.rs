//! What happens to a request that has just come: its number, and where it goes by itself.

use mbs_shared::id::OfficialNo;
use mbs_shared::routing::deadline::istanbul_year;
use mbs_shared::routing::{Action, Case, Channel, What, Who};

use super::apply::{Made, Origin, make};
use super::decide::{Command, Ground, Step, decide};
use crate::database::DbResult;
use crate::service::Service;
use crate::writer::Tx;

/// Where a new request goes. Worked out before the writer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To triage, and why.
    Triage(&'static str),
    /// To a unit or institution.
    Unit(Command),
}

/// Where a request of `category`, lying in `place` (a neighbourhood code), goes by itself.
#[must_use]
pub fn target(service: &Service, category: &str, place: &str) -> Target {
    if category.is_empty() {
        return Target::Triage("Konu seçilmemiş.");
    }
    let rules = service.rules();
    let Some(rule) = rules.of(category) else {
        return Target::Triage("Konu dizinde yok, ya da yerine bir konu konmadan kaldırılmış.");
    };
    if rule.triage_first {
        return Target::Triage("Bu konuya önce ön inceleme bakar.");
    }
    match rules.target(service.directory(), category, place) {
        Some(unit) if unit.is_external() => Target::Unit(Command::new(Who::System, Action::SendOut).to(&unit.code)),
        Some(unit) => Target::Unit(Command::new(Who::System, Action::Route).to(&unit.code)),
        None => Target::Triage("Konunun birimi kapatılmış ya da dizinde yok."),
    }
}

/// What the first events of a request follow from.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Category code.
    pub category: &'a str,
    /// Where it goes by itself.
    pub target: &'a Target,
    /// How it came; `None`: from a tablet.
    pub channel: Option<Channel>,
    /// The request its muhtar added it to.
    pub linked: Option<OfficialNo>,
}

/// The first events of a request: its number, what it was added to, and its automatic route. The case is folded along.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn events(
    tx: &mut Tx<'_>,
    service: &Service,
    case: &mut Case,
    new: &New<'_>,
    received: i64,
) -> DbResult<(OfficialNo, Vec<Made>)> {
    let year = istanbul_year(received);
    let no = OfficialNo { year, n: tx.next_number(year)? };
    let origin = Origin { by: Who::System, author: 0, entry: None, at: received };
    let step = |what, note: &str| Step { what, note: note.to_owned() };
    let mut made = make(service, case, vec![step(What::Received { no, channel: new.channel }, "")], &origin);
    if let Some(no) = new.linked {
        made.extend(make(service, case, vec![step(What::Linked { no }, "Muhtar, başvurusunu buna ekledi.")], &origin));
    }
    let steps = match new.target {
        Target::Triage(why) => vec![step(What::Reviewed, why)],
        Target::Unit(command) => {
            let ground = Ground {
                case,
                now: received,
                category: new.category,
                rules: &service.rules(),
                directory: service.directory(),
                calendar: &service.calendar(),
                approval: false,
                other: None,
            };
            decide(command, &ground).unwrap_or_else(|_| vec![step(What::Reviewed, "Otomatik yönlendirme yapılamadı.")])
        }
    };
    made.extend(make(service, case, steps, &origin));
    Ok((no, made))
}
