//! What units, approvers and institutions decide about a request on their desk, by the rates of the play.

use mbs_shared::directory::Unit;
use mbs_shared::istanbul;
use serde_json::{Value, json};

use crate::rates::Rates;
use crate::script::{DAY, Play};

/// Who does something to a request.
pub(crate) enum Actor {
    Triage,
    Unit(String),
    Approver(String),
    /// The program of an institution.
    Program(String),
}

impl Play<'_> {
    /// What becomes of a request that lies at an institution.
    pub(crate) fn outside(&self, page: &Value, holder: &str, resolved: bool) -> Option<(Actor, Value)> {
        let (chance, rates) = (&self.chance, &self.options.rates);
        if page["wish"].is_string() {
            return Some((Actor::Triage, self.wish()));
        }
        if !resolved {
            return None;
        }
        if !chance.happens(rates.institution_answers) {
            return Some((Actor::Triage, json!({ "action": "take_back", "note": "Kurum görevi kabul etmedi." })));
        }
        let mut act = self.answer();
        act["date"] = day(self.town.now()).into();
        act["reference"] = format!("E-{}", chance.below(90_000) + 10_000).into();
        let by_program = chance.happens(rates.institution_by_program);
        Some((if by_program { Actor::Program(holder.to_owned()) } else { Actor::Triage }, act))
    }

    /// Whoever holds a request decides about a wish to withdraw it.
    fn wish(&self) -> Value {
        if self.chance.happens(self.options.rates.released) {
            json!({ "action": "release" })
        } else {
            json!({ "action": "decline", "note": "Ekip yola çıktı." })
        }
    }

    fn answer(&self) -> Value {
        let Rates { done, partly, refused, .. } = self.options.rates;
        let outcome = match self.chance.below(1_000) {
            at if at < done => "done",
            at if at < done + partly => "partly",
            at if at < done + partly + refused => "refused",
            _ => "informed",
        };
        json!({ "action": "answer", "outcome": outcome, "note": "Yerinde incelendi, gereği yapıldı." })
    }

    pub(crate) fn unit(&self, page: &Value, state: &str, holder: &str, resolved: bool) -> Option<(Actor, Value)> {
        let (chance, rates) = (&self.chance, &self.options.rates);
        let outside = istanbul::directory().unit(holder).is_some_and(Unit::is_external);
        let own = |act: Value| Some((Actor::Unit(holder.to_owned()), act));
        if state == "answer_pending" {
            let act = if chance.happens(rates.corrected) {
                json!({ "action": "correct", "note": "Tarih yazılmalı." })
            } else {
                json!({ "action": "approve" })
            };
            // An institution's answer is looked at by triage.
            return Some((if outside { Actor::Triage } else { Actor::Approver(holder.to_owned()) }, act));
        }
        if page["wish"].is_string() {
            return own(self.wish());
        }
        let owed = page["tasks"].as_array().and_then(|all| all.iter().find(|task| task["owed"] == true));
        if let Some(task) = owed {
            let helper = Actor::Unit(task["unit"]["code"].as_str().unwrap_or_default().to_owned());
            let of = |action: &str, note: &str| json!({ "action": action, "task": task["n"], "note": note });
            return Some(if chance.happens(rates.task_returned) {
                (helper, of("return_task", "Hat başka bir kurumun."))
            } else if chance.happens(rates.task_called_off) {
                (Actor::Unit(holder.to_owned()), of("call_off", "Gerek kalmadı."))
            } else {
                (helper, of("finish_task", "Bölümümüz tamamlandı."))
            });
        }
        let helper = ["md-zabita-avrupa", "md-zabita-anadolu"].into_iter().find(|code| holder != *code);
        let soon = |days: i64| day(self.town.now() + days * DAY);
        own(match state {
            "assigned" if chance.happens(rates.returned) => {
                json!({ "action": "return", "note": "Birimimizin görevi değil." })
            }
            "assigned" => json!({ "action": "accept" }),
            "in_progress" if chance.happens(rates.unit_asks) => {
                json!({ "action": "ask", "note": "Hangi kapı numarası?" })
            }
            "in_progress" if chance.happens(rates.interim) => {
                json!({ "action": "interim", "note": "Malzeme bekleniyor." })
            }
            "in_progress" if chance.happens(rates.tasks) => {
                json!({ "action": "task", "unit": helper, "note": "Direk sökülecek.", "date": soon(3) })
            }
            "in_progress" if chance.happens(rates.sent_out) => {
                json!({ "action": "send_out", "unit": "dk-turk-telekom", "note": "Hat kurumun." })
            }
            "in_progress" if chance.happens(rates.planned) => json!({ "action": "plan", "date": soon(5) }),
            _ if !resolved => return None,
            "planned" if chance.happens(rates.started) => json!({ "action": "start" }),
            _ => self.answer(),
        })
    }
}

/// The day in Istanbul, `YYYY-MM-DD`.
fn day(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::TimeZone::fixed(jiff::tz::offset(3)).to_datetime(at).date().to_string()
}
