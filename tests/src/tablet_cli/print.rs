//! Answers as plain, aligned text.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mbs_tablet::Summary;
use mbs_tablet::door::view::{Link, Notice, Outbox, OutboxKind, Request, Row, Status, Transport};

/// A table: columns as wide as they must be, none at the end of a line.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let line = row.iter().zip(&widths).fold(String::new(), |mut line, (text, width)| {
            let _ = write!(line, "{text:<width$}  ");
            line
        });
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn pairs(rows: Vec<(&str, String)>) -> String {
    let rows: Vec<_> = rows.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| vec![k.to_owned(), v]).collect();
    table(&rows)
}

/// A moment as a clock on a wall in Istanbul shows it.
fn moment(at: i64) -> String {
    let zone = TimeZone::get("Europe/Istanbul").unwrap_or(TimeZone::UTC);
    Timestamp::from_millisecond(at)
        .map_or_else(|_| at.to_string(), |t| zone.to_datetime(t).strftime("%Y-%m-%d %H:%M").to_string())
}

fn cut(text: &str, most: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= most { flat } else { flat.chars().take(most - 1).chain(['…']).collect() }
}

const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Draft => "draft",
        Transport::Queued => "queued",
        Transport::Sending => "sending",
        Transport::Delivered => "delivered",
        Transport::Quarantined => "quarantined",
        Transport::Renewed => "sent anew",
    }
}

const fn link(link: Link) -> &'static str {
    match link {
        Link::Online => "online",
        Link::Offline => "offline",
        Link::Busy => "exchanging",
        Link::Unknown => "the server does not know this tablet: enrol again, everything is kept",
        Link::Revoked => "revoked: closed until it is enrolled again, nothing that was not handed over is lost",
        Link::Outdated => "this program is too old for the server: update it, everything is kept",
        Link::ServerOutdated => "the server is too old for this program: have it updated, everything is kept",
    }
}

pub(super) fn status(s: &Status) -> String {
    let mut rows = match &s.identity {
        None => vec![("tablet", "not enrolled".to_owned())],
        Some(i) => vec![
            ("muhtar", i.person.clone()),
            ("neighbourhood", format!("{}, {} ({})", i.neighbourhood_name, i.district_name, i.neighbourhood)),
            ("tablet", if i.practice { format!("{} (practice: nothing is sent)", i.prefix) } else { i.prefix.clone() }),
        ],
    };
    rows.push(("link", link(s.link).to_owned()));
    rows.push(("last contact", s.last_contact.map(moment).unwrap_or_default()));
    rows.push(("waiting", s.waiting.to_string()));
    rows.push(("needs you", s.needs_me.to_string()));
    rows.push(("quarantined", s.quarantined.to_string()));
    for notice in &s.notices {
        rows.push((
            "notice",
            match notice {
                Notice::DatabaseSetAside { file, requests, photos } => format!(
                    "the database was damaged: {requests} requests and {photos} photos were taken over, it lies beside the new one as {file}"
                ),
                Notice::ClockWrong { seconds } => format!("this tablet's clock is {seconds} s off"),
                Notice::Twin => "a copy of this tablet is at work: enrol one of the two anew".to_owned(),
                Notice::DiskLow { free_mb } => format!("only {free_mb} MB are free"),
            },
        ));
    }
    pairs(rows)
}

pub(super) fn saved(r: &Request) -> String {
    let photos = match r.row.photos {
        0 => String::new(),
        n => format!(", {n} photo{}", if n == 1 { "" } else { "s" }),
    };
    format!("Saved: {}  {}  {}{photos}\n", r.row.case_no, r.row.id, transport(r.row.transport))
}

pub(super) fn list(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "No requests.\n".to_owned();
    }
    let head = ["number", "official", "filed", "on its way", "case", "photos", "title"].map(str::to_owned).to_vec();
    let lines = rows.iter().map(|r| {
        vec![
            r.case_no.clone(),
            r.official_no.clone().unwrap_or_else(|| "-".to_owned()),
            moment(r.at),
            transport(r.transport).to_owned(),
            r.state.map_or("-", |s| s.code()).to_owned(),
            format!("{}/{}", r.photos_delivered, r.photos),
            cut(&r.title, 60),
        ]
    });
    table(&std::iter::once(head).chain(lines).collect::<Vec<_>>())
}

pub(super) fn request(r: &Request) -> String {
    let row = &r.row;
    let place = r.place.as_ref().map(|p| {
        let names = [&p.neighbourhood_name, &p.district_name];
        names.into_iter().flatten().cloned().collect::<Vec<_>>().join(", ")
    });
    let mut out = pairs(vec![
        ("number", row.case_no.clone()),
        ("official", row.official_no.clone().unwrap_or_default()),
        ("identifier", row.id.to_string()),
        ("title", row.title.clone()),
        ("category", row.category.clone()),
        ("place", place.unwrap_or_default()),
        ("position", r.fix.map(|f| format!("{:.5},{:.5}", f.lat, f.lon)).unwrap_or_default()),
        ("address", row.addr.clone()),
        ("on its way", transport(row.transport).to_owned()),
        ("case", row.state.map(|s| s.code().to_owned()).unwrap_or_default()),
        ("held by", r.unit.clone().unwrap_or_default()),
        ("due", r.due.map(moment).unwrap_or_default()),
        ("quarantine", r.quarantine.clone().unwrap_or_default()),
        ("question", r.question.clone().unwrap_or_default()),
    ]);
    let _ = writeln!(out, "\n{}", r.desc);
    section(
        &mut out,
        "photos",
        r.photos
            .iter()
            .map(|p| vec![p.hash.to_string(), format!("{}×{}", p.width, p.height), format!("{}/{} B", p.sent, p.size)]),
    );
    section(
        &mut out,
        "two versions",
        r.conflicts
            .iter()
            .flat_map(|c| c.versions.iter().map(|v| vec![c.field.clone(), moment(v.at), cut(&v.text, 80)])),
    );
    section(
        &mut out,
        "history",
        r.timeline.iter().map(|s| {
            let words = [s.unit.as_deref(), s.date.as_deref(), s.outcome.map(|o| o.code()), s.note.as_deref()];
            vec![moment(s.at), s.what.clone(), cut(&words.into_iter().flatten().collect::<Vec<_>>().join(" · "), 90)]
        }),
    );
    section(
        &mut out,
        "thread",
        r.thread.iter().map(|e| {
            let who = if e.mine { "muhtar".to_owned() } else { e.author.clone().unwrap_or_default() };
            vec![moment(e.at), who, transport(e.transport).to_owned(), e.text.clone()]
        }),
    );
    if let Some(answer) = &r.answer {
        let _ = writeln!(
            out,
            "\nanswer: {} ({}, {})\n{}",
            answer.outcome.code(),
            answer.unit.as_deref().unwrap_or("-"),
            moment(answer.at),
            answer.text
        );
    }
    out
}

fn section(out: &mut String, title: &str, rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let _ = write!(out, "\n{title}\n{}", table(&rows));
    }
}

pub(super) fn outbox(o: &Outbox) -> String {
    if o.items.is_empty() {
        return format!("Nothing waits. Link: {}.\n", link(o.status.link));
    }
    let head = ["since", "what", "bytes", "title", "trouble"].map(str::to_owned).to_vec();
    let lines = o.items.iter().map(|i| {
        let what = match i.what {
            OutboxKind::Request => "request",
            OutboxKind::Edit => "edit",
            OutboxKind::Entry => "entry",
            OutboxKind::Photo => "photo",
        };
        vec![
            moment(i.since),
            what.to_owned(),
            format!("{}/{}", i.sent, i.bytes),
            cut(&i.title, 50),
            i.quarantine.clone().unwrap_or_default(),
        ]
    });
    let mut out = table(&std::iter::once(head).chain(lines).collect::<Vec<_>>());
    let _ = writeln!(out, "\n{} waiting, {} B to send. Link: {}.", o.items.len(), o.bytes, link(o.status.link));
    out
}

pub(super) fn summary(s: &Summary) -> String {
    pairs(vec![
        ("exchanges", s.exchanges.to_string()),
        ("sent", format!("{} items, {} photos, {} B", s.pushed, s.photos, s.bytes_up)),
        ("fetched", format!("{} rows, {} B", s.pulled, s.bytes_down)),
        ("waiting", s.waiting.to_string()),
        ("quarantined", s.quarantined.to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_by_characters_not_bytes() {
        let rows = [vec!["çğş".to_owned(), "a".to_owned()], vec!["x".to_owned(), "b".to_owned()]];
        assert_eq!(table(&rows), "çğş  a\nx    b\n");
    }

    #[test]
    fn moments_are_told_in_istanbul() {
        assert_eq!(moment(1_559_735_949_000), "2019-06-05 14:59");
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(cut("Çukur  var\nburada", 10), "Çukur var…");
    }
}
