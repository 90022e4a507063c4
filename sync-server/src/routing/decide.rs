//! What follows from a wish: pure, asked with everything it needs to know.
//!
//! The transition table in `shared` says whether; here stands what must come with it and which
//! events it becomes. Nothing is written here, so every line is a table test.

use jiff::civil::Date;
use mbs_shared::blob::MAX_PER_REQUEST;
use mbs_shared::directory::{Directory, Unit};
use mbs_shared::id::{BlobHash, OfficialNo};
use mbs_shared::request::MAX_ENTRY;
use mbs_shared::routing::deadline::{Calendar, LEGAL_CEILING_DAYS, calendar_days, date_of};
use mbs_shared::routing::table::To;
use mbs_shared::routing::{Action, Case, Outcome, State, What, Who};
use mbs_shared::wire::error::Code;

use super::rules::Rules;
use crate::error::Fault;

/// What someone wants done to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// In which capacity.
    pub who: Who,
    /// What.
    pub action: Action,
    /// Unit or institution, for route, send out, forward; for `out_of_remit`, where it belongs.
    pub unit: Option<String>,
    /// Outcome, for answer and conclude.
    pub outcome: Option<Outcome>,
    /// Date `YYYY-MM-DD`, for plan; for an institution's answer, when it wrote.
    pub date: Option<String>,
    /// Reason, question, answer.
    pub note: String,
    /// Photos from the spot.
    pub photos: Vec<BlobHash>,
    /// Corrected category, with route and send out.
    pub category: Option<String>,
    /// The other request: which this is a duplicate of, or has to do with.
    pub other: Option<OfficialNo>,
    /// The event that gave the part of the work, for what ends one.
    pub task: Option<u32>,
    /// The number of an institution's letter, for its answer.
    pub reference: Option<String>,
}

impl Command {
    /// A wish with nothing beside it.
    #[must_use]
    pub const fn new(who: Who, action: Action) -> Self {
        Self {
            who,
            action,
            unit: None,
            outcome: None,
            date: None,
            note: String::new(),
            photos: Vec::new(),
            category: None,
            other: None,
            task: None,
            reference: None,
        }
    }

    /// With a unit.
    #[must_use]
    pub fn to(mut self, unit: &str) -> Self {
        self.unit = Some(unit.to_owned());
        self
    }

    /// With words.
    #[must_use]
    pub fn saying(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    /// With an outcome.
    #[must_use]
    pub const fn ending(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }
}

/// What a decision stands on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The case as it stands.
    pub case: &'a Case,
    /// The time.
    pub now: i64,
    /// Category as it counts now.
    pub category: &'a str,
    /// Units and categories.
    pub directory: &'a Directory,
    /// How categories are routed.
    pub rules: &'a Rules,
    /// Working days.
    pub calendar: &'a Calendar,
    /// Whether answers of the holder need an approver.
    pub approval: bool,
    /// The request behind [`Command::other`], when there is one: of a duplicate the one it is itself a duplicate of.
    pub other: Option<OfficialNo>,
}

/// One event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub what: What,
    /// The words that go with it.
    pub note: String,
}

/// Why nothing follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The table has no such step from here.
    NotNow,
    /// Something is missing or wrong: its name, and a sentence.
    Input(&'static str, &'static str),
    /// The unit was closed; the name of the one that took its work over, if there is one.
    Retired(Option<String>),
}

impl From<Refusal> for Fault {
    fn from(r: Refusal) -> Self {
        match r {
            Refusal::NotNow => Self::new(Code::NotNow),
            Refusal::Input(field, sentence) => Self::because(Code::BadInput, format!("{field}: {sentence}")),
            Refusal::Retired(None) => Self::new(Code::RetiredUnit),
            Refusal::Retired(Some(name)) => {
                Self::because(Code::RetiredUnit, format!("Bu birim kapatılmış; işlerine {name} bakıyor."))
            }
        }
    }
}

/// Longest number of an institution's letter, in characters.
const MAX_REFERENCE: usize = 100;

/// Working days for a category that is not known.
pub const DEFAULT_DAYS: u16 = 10;

/// When a case of that category is due, with the clock running from `from`: the category's working days,
/// and never later than law 3071 allows an answer to take.
#[must_use]
pub fn due(rules: &Rules, calendar: &Calendar, category: &str, from: i64) -> i64 {
    let days = rules.of(category).map_or(DEFAULT_DAYS, |rule| rule.target_days);
    calendar.due(from, days).min(calendar_days(from, LEGAL_CEILING_DAYS))
}

/// The events that follow from `command`.
///
/// # Errors
/// [`Refusal`]: then nothing is to be written.
pub fn decide(command: &Command, ground: &Ground<'_>) -> Result<Vec<Step>, Refusal> {
    let case = ground.case;
    let to = case.next(command.who, command.action).ok_or(Refusal::NotNow)?;
    if command.note.len() > MAX_ENTRY {
        return Err(Refusal::Input("note", "metin çok uzun"));
    }
    if command.photos.len() > MAX_PER_REQUEST {
        return Err(Refusal::Input("photos", "en çok altı fotoğraf eklenebilir"));
    }
    let note = command.note.trim().to_owned();
    let one = |what: What| Ok(vec![Step { what, note: note.clone() }]);
    match command.action {
        Action::Review => one(What::Reviewed),
        Action::Route | Action::SendOut => send(command, ground, note),
        Action::Accept => one(What::Accepted),
        Action::Forward => one(What::Forwarded { unit: below(command, ground)? }),
        Action::Return => words(&note, "iade gerekçesi yazılmalı").and_then(|()| one(What::Returned)),
        Action::Plan => one(What::Planned { date: date(command, ground.now)? }),
        Action::Start => one(What::Started),
        Action::Ask => words(&note, "soru yazılmalı").and_then(|()| one(What::Asked)),
        Action::Reply | Action::ReplyLapsed => {
            if command.action == Action::Reply && command.photos.is_empty() {
                words(&note, "yanıt yazılmalı ya da fotoğraf eklenmeli")?;
            }
            let due = case.due.unwrap_or_else(|| due(ground.rules, ground.calendar, ground.category, case.from));
            let due = case.paused.map_or(due, |paused| ground.calendar.resume(due, paused, ground.now));
            // The muhtar's words stand in his entry; they are not repeated here.
            Ok(vec![Step { what: What::Resumed { due }, note: String::new() }])
        }
        Action::Answer => answer(command, ground, note),
        Action::Approve => approve(case, note),
        Action::Correct => words(&note, "neyin düzeltileceği yazılmalı").and_then(|()| one(What::Corrected)),
        Action::Conclude => {
            let (outcome, parent, note) = ending(command, ground, note)?;
            Ok(vec![Step { what: What::Concluded { outcome, photos: command.photos.clone(), parent }, note }])
        }
        Action::TakeBack => words(&note, "geri alma gerekçesi yazılmalı").and_then(|()| one(What::TakenBack)),
        Action::Confirm => one(What::Closed { confirmed: true }),
        Action::ConfirmLapsed => one(What::Closed { confirmed: false }),
        Action::Object => {
            if command.photos.is_empty() {
                words(&note, "itiraz gerekçesi yazılmalı ya da fotoğraf eklenmeli")?;
            }
            one(What::Objected)
        }
        Action::Reopen => words(&note, "yeniden açma gerekçesi yazılmalı").and_then(|()| one(What::Reopened)),
        Action::Withdraw if to == To::Same => one(What::Wished),
        Action::Withdraw | Action::Release => one(What::Cancelled),
        Action::Decline => {
            words(&note, "geri çekmenin neden kabul edilmediği yazılmalı").and_then(|()| one(What::Declined))
        }
        Action::Interim => words(&note, "ara cevap yazılmalı").and_then(|()| one(What::Interim)),
        Action::Link => one(What::Linked { no: other(ground, "bağlanacak başvuru bulunamadı")? }),
        // Only the server does it, and knows what to say: see `family`.
        Action::Follow => Err(Refusal::NotNow),
        Action::Move => {
            let code = command.unit.as_deref().ok_or(Refusal::Input("unit", "birim seçilmeli"))?;
            let task = command.task.map(|_| owed(command, case)).transpose()?;
            one(What::Moved { unit: open_unit(ground, code)?.code.clone(), task })
        }
        Action::Task => one(task(command, ground, &note)?),
        Action::FinishTask => {
            words(&note, "alt işte ne yapıldığı yazılmalı")?;
            one(What::TaskDone { task: owed(command, case)?, photos: command.photos.clone() })
        }
        Action::ReturnTask => {
            words(&note, "alt işin neden geri verildiği yazılmalı")?;
            one(What::TaskDropped { task: owed(command, case)? })
        }
        Action::CallOff => {
            words(&note, "alt işin neden geri alındığı yazılmalı")?;
            one(What::TaskDropped { task: owed(command, case)? })
        }
    }
}

fn words(note: &str, sentence: &'static str) -> Result<(), Refusal> {
    if note.is_empty() { Err(Refusal::Input("note", sentence)) } else { Ok(()) }
}

/// The unit something is sent to: known, and not closed.
fn open_unit<'a>(ground: &Ground<'a>, code: &str) -> Result<&'a Unit, Refusal> {
    let unit = ground.directory.unit(code).ok_or(Refusal::Input("unit", "birim dizinde yok"))?;
    if unit.retired {
        return Err(Refusal::Retired(ground.directory.working(code).map(|u| u.name.clone())));
    }
    Ok(unit)
}

/// Route or send out, with a corrected category before it where there is one.
fn send(command: &Command, ground: &Ground<'_>, note: String) -> Result<Vec<Step>, Refusal> {
    let code = command.unit.as_deref().ok_or(Refusal::Input("unit", "birim seçilmeli"))?;
    let unit = open_unit(ground, code)?;
    let mut steps = Vec::with_capacity(2);
    let mut category = ground.category;
    if let Some(corrected) = command.category.as_deref()
        && corrected != category
    {
        let known = ground.directory.category(corrected).ok_or(Refusal::Input("category", "konu dizinde yok"))?;
        if known.retired {
            return Err(Refusal::Input("category", "konu kaldırılmış; yerine geçen konu seçilmeli"));
        }
        category = corrected;
        steps.push(Step { what: What::Recategorised { category: corrected.to_owned() }, note: String::new() });
    }
    let external = unit.is_external();
    let (unit, due) = (unit.code.clone(), due(ground.rules, ground.calendar, category, ground.case.from));
    let what = match (command.action, external) {
        (Action::Route, false) => What::Routed { unit, due },
        (Action::SendOut, true) => What::SentOut { unit, due },
        (Action::Route, true) => return Err(Refusal::Input("unit", "dış kuruma gönderme ayrı bir adımdır")),
        _ => return Err(Refusal::Input("unit", "dış kurum seçilmeli")),
    };
    steps.push(Step { what, note });
    Ok(steps)
}

/// A unit further down than the holder.
fn below(command: &Command, ground: &Ground<'_>) -> Result<String, Refusal> {
    let code = command.unit.as_deref().ok_or(Refusal::Input("unit", "birim seçilmeli"))?;
    if open_unit(ground, code)?.is_external() {
        return Err(Refusal::Input("unit", "dış kuruma gönderme ayrı bir adımdır"));
    }
    let holder = ground.case.unit.as_deref().unwrap_or_default();
    if code == holder || !ground.directory.is_within(code, holder) {
        return Err(Refusal::Input("unit", "havale yalnız bağlı birimlere yapılır"));
    }
    Ok(code.to_owned())
}

/// A part of the work for a unit that has none of it yet.
fn task(command: &Command, ground: &Ground<'_>, note: &str) -> Result<What, Refusal> {
    let code = command.unit.as_deref().ok_or(Refusal::Input("unit", "birim seçilmeli"))?;
    let unit = open_unit(ground, code)?.code.clone();
    if ground.case.unit.as_deref() == Some(code) {
        return Err(Refusal::Input("unit", "başvuru zaten bu birimde; alt iş başka bir birime verilir"));
    }
    if ground.case.owed().any(|owed| owed.unit == code) {
        return Err(Refusal::Input("unit", "bu birimde bitmemiş bir alt iş var"));
    }
    words(note, "alt işte ne yapılacağı yazılmalı")?;
    let until = command.date.is_some().then(|| date(command, ground.now)).transpose()?;
    Ok(What::Tasked { unit, until })
}

/// The part of the work that is meant, while it is owed.
fn owed(command: &Command, case: &Case) -> Result<u32, Refusal> {
    let task = command.task.filter(|n| case.owed().any(|owed| owed.n == *n));
    task.ok_or(Refusal::Input("task", "böyle bir alt iş yok, ya da bitmiş"))
}

fn date(command: &Command, now: i64) -> Result<String, Refusal> {
    let text = command.date.as_deref().ok_or(Refusal::Input("date", "tarih verilmeli"))?;
    let date = plain_date(text)?;
    let today = date_of(now);
    if date < today {
        return Err(Refusal::Input("date", "tarih geçmişte"));
    }
    if i32::from(date.year()) > i32::from(today.year()) + 5 {
        return Err(Refusal::Input("date", "tarih çok uzakta"));
    }
    Ok(text.to_owned())
}

/// Only the plain form: it travels and is compared as text.
fn plain_date(text: &str) -> Result<Date, Refusal> {
    let date = text.parse().ok().filter(|date: &Date| date.to_string() == text);
    date.ok_or(Refusal::Input("date", "tarih YYYY-AA-GG biçiminde olmalı"))
}

/// Another request than this one.
fn other(ground: &Ground<'_>, sentence: &'static str) -> Result<OfficialNo, Refusal> {
    ground.other.filter(|no| ground.case.no != Some(*no)).ok_or(Refusal::Input("other", sentence))
}

/// Outcome, parent of a duplicate, and official words, with what the outcome asks for.
fn ending(
    command: &Command,
    ground: &Ground<'_>,
    note: String,
) -> Result<(Outcome, Option<OfficialNo>, String), Refusal> {
    let outcome = command.outcome.ok_or(Refusal::Input("outcome", "sonuç seçilmeli"))?;
    let mut parent = None;
    let note = match outcome {
        Outcome::Duplicate => {
            command.other.ok_or(Refusal::Input("other", "asıl başvurunun numarası verilmeli"))?;
            let no = other(ground, "asıl başvuru bulunamadı, ya da bu başvurunun kendi mükerreri")?;
            parent = Some(no);
            format!("{no} numaralı başvuruyla aynı konudadır. {note}").trim_end().to_owned()
        }
        Outcome::OutOfRemit => {
            let code = command.unit.as_deref().ok_or(Refusal::Input("unit", "gönderilen kurum seçilmeli"))?;
            let unit = open_unit(ground, code)?;
            words(&note, "cevap yazılmalı")?;
            format!("{note}\n\nGönderildiği kurum: {}", unit.name)
        }
        Outcome::Refused => {
            words(&note, "olumsuz cevabın gerekçesi yazılmalı")?;
            note
        }
        Outcome::Done | Outcome::Partly | Outcome::Informed => {
            words(&note, "cevap yazılmalı")?;
            note
        }
    };
    if note.len() > MAX_ENTRY {
        return Err(Refusal::Input("note", "metin çok uzun"));
    }
    Ok((outcome, parent, note))
}

fn answer(command: &Command, ground: &Ground<'_>, note: String) -> Result<Vec<Step>, Refusal> {
    let (outcome, parent, mut note) = ending(command, ground, note)?;
    if command.who == Who::External {
        note = letter(command, ground, &note)?;
    }
    let photos = command.photos.clone();
    let mut steps = vec![Step { what: What::Answered { outcome, photos: photos.clone(), parent }, note: note.clone() }];
    if !ground.approval {
        steps.push(Step { what: What::Concluded { outcome, photos, parent }, note });
    }
    Ok(steps)
}

/// What an institution wrote, in its name: the answer travels, is approved and is printed with it.
fn letter(command: &Command, ground: &Ground<'_>, note: &str) -> Result<String, Refusal> {
    let code = ground.case.unit.as_deref().unwrap_or_default();
    let name = ground.directory.unit(code).map_or(code, |unit| unit.name.as_str());
    let written = match command.date.as_deref() {
        None => None,
        Some(text) => {
            let date = plain_date(text)?;
            if date > date_of(ground.now) {
                return Err(Refusal::Input("date", "kurumun yazısının tarihi gelecekte olamaz"));
            }
            Some(format!("{:02}.{:02}.{}", date.day(), date.month(), date.year()))
        }
    };
    let reference = command.reference.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if reference.is_some_and(|text| text.chars().count() > MAX_REFERENCE || text.chars().any(char::is_control)) {
        return Err(Refusal::Input("reference", "yazının sayısı tek satır ve en çok 100 harf olabilir"));
    }
    let by = match (written, reference) {
        (Some(day), Some(number)) => format!("{day} tarihli ve {number} sayılı yazısıyla "),
        (Some(day), None) => format!("{day} tarihinde "),
        (None, Some(number)) => format!("{number} sayılı yazısıyla "),
        (None, None) => String::new(),
    };
    let text = format!("{name} {by}şu cevabı verdi:\n\n{note}");
    if text.len() > MAX_ENTRY {
        return Err(Refusal::Input("note", "metin çok uzun"));
    }
    Ok(text)
}

/// The approver's own wording, or the draft's.
fn approve(case: &Case, note: String) -> Result<Vec<Step>, Refusal> {
    let draft = case.draft.as_ref().ok_or(Refusal::NotNow)?;
    let note = if note.is_empty() { draft.text.clone() } else { note };
    let what = What::Concluded { outcome: draft.outcome, photos: draft.photos.clone(), parent: draft.parent };
    Ok(vec![Step { what, note }])
}

/// Why an intent of the muhtar's was refused, in words for him.
#[must_use]
pub fn for_muhtar(refusal: Refusal, action: Action, state: State) -> String {
    let so = match (refusal, action, state) {
        (_, _, State::Closed) => "Başvuru kapandığı için bu istek işleme alınamadı. Yeni bir başvuru açabilirsiniz.",
        (_, _, State::Cancelled) => "Başvuru geri çekilmiş olduğu için bu istek işleme alınamadı.",
        (Refusal::Input("note", _), Action::Object, _) => "İtiraz için bir gerekçe yazın ya da fotoğraf ekleyin.",
        (Refusal::Input("note", _), Action::Reply, _) => {
            "Soruyu yanıtlamak için birkaç söz yazın ya da fotoğraf ekleyin."
        }
        (_, Action::Withdraw, State::Concluded) => "Başvuru sonuçlandığı için geri çekilemedi.",
        (_, Action::Withdraw, State::AnswerPending) => {
            "Cevap hazırlandığı için geri çekilemedi. Cevap size ulaşınca onaylayabilir ya da itiraz edebilirsiniz."
        }
        (_, Action::Withdraw, _) => "Geri çekme isteğiniz birimde; karar bekleniyor.",
        (_, Action::Reply, _) => "Şu anda yanıt bekleyen bir soru yok; yazdığınız başvuruya not olarak eklendi.",
        (_, Action::Confirm | Action::Object, _) => {
            "Başvuru henüz sonuçlanmadı; onay ve itiraz sonuçtan sonra yapılır."
        }
        _ => "Başvurunun bulunduğu durumda bu istek işleme alınamadı.",
    };
    so.to_owned()
}
