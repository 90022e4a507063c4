//! The loss detector: a tablet numbers what it makes 1, 2, 3 …, so that what never came shows.
//!
//! Everything up to the highest count ever heard has come, but for the gaps. A thing that is new and has a
//! count that has come already reveals a copied tablet.

use super::{DbResult, Session, statements};

/// Gaps a tablet may have; beyond it the two nearest become one, which never says too little.
pub const MAX_PER_DEVICE: usize = 256;

statements! {
    /// What a tablet said so far, and what came.
    HEARD = "select created, arrived from device where id = $1";
    /// A tablet's gaps, in order.
    OF_DEVICE = "select first, last, since from gap where device = $1 order by first";
    /// Everyone's gaps: how many things, since when.
    ALL = "select device, cast(sum(last - first + 1) as bigint), min(since) from gap group by device";
    /// Drops a tablet's gaps.
    DROP = "delete from gap where device = $1";
    /// A gap.
    ADD = "insert into gap (device, first, last, since) values ($1, $2, $3, $4)";
    /// What a tablet said of itself and what came of it, unless it was revoked meanwhile.
    SEEN = "update device set seen = $1, created = $2, arrived = $3 where id = $4 and revoked = 0";
    /// One of its counts came twice.
    TWIN = "update device set twin = $1 where id = $2";
}

/// Counts that a tablet gave and nothing has come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// From this count on.
    pub first: u32,
    /// To this one.
    pub last: u32,
    /// Heard of since, Unix ms.
    pub since: i64,
}

impl Gap {
    /// How many things.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// What a tablet made and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Highest count heard of.
    pub created: u32,
    /// What is missing up to there, in order.
    pub gaps: Vec<Gap>,
}

impl Counts {
    /// Things that came.
    #[must_use]
    pub fn arrived(&self) -> u32 {
        self.created.saturating_sub(self.gaps.iter().map(Gap::count).sum())
    }

    /// The tablet says that it has made so many things.
    pub fn made(&mut self, created: u32, now: i64) {
        if created > self.created {
            self.gaps.push(Gap { first: self.created + 1, last: created, since: now });
            self.created = created;
            self.bound();
        }
    }

    /// Something came with that count; whether it is the first thing with it.
    pub fn came(&mut self, count: u32) -> bool {
        let Some(at) = self.gaps.iter().position(|g| g.first <= count && count <= g.last) else { return false };
        let gap = self.gaps.remove(at);
        let parts = [Gap { last: count - 1, ..gap }, Gap { first: count + 1, ..gap }];
        for (n, part) in parts.into_iter().filter(|g| g.first <= g.last).enumerate() {
            self.gaps.insert(at + n, part);
        }
        self.bound();
        true
    }

    /// Too many gaps: the two nearest become one.
    fn bound(&mut self) {
        while self.gaps.len() > MAX_PER_DEVICE {
            let between = |w: &[Gap]| match w {
                [a, b] => b.first.saturating_sub(a.last),
                _ => u32::MAX,
            };
            let nearest = self.gaps.windows(2).enumerate().min_by_key(|(_, w)| between(w)).map_or(0, |(n, _)| n);
            if nearest + 1 >= self.gaps.len() {
                return;
            }
            let next = self.gaps.remove(nearest + 1);
            if let Some(gap) = self.gaps.get_mut(nearest) {
                gap.last = next.last;
                gap.since = gap.since.min(next.since);
            }
        }
    }
}

/// What a push or a poll tells of a tablet.
#[derive(Debug, Clone, Copy)]
pub struct News<'a> {
    /// Row id of the tablet.
    pub device: i64,
    /// When it was heard, Unix ms.
    pub now: i64,
    /// Things it says it made.
    pub created: u32,
    /// Counts of what came with it.
    pub came: &'a [u32],
}

/// Writes what was heard; the counts with which something had come already. `None`: the tablet was revoked after its
/// caller was looked up, which nothing but this transaction can tell for certain.
///
/// # Errors
/// [`super::DbError`].
pub fn heard(session: &mut dyn Session, news: &News<'_>) -> DbResult<Option<Vec<u32>>> {
    let device = news.device;
    let before = session.first(HEARD, &[device.into()], |r| Ok((r.count(0)?, r.count(1)?)))?;
    let (created, arrived) = before.unwrap_or_default();
    let mut counts = Counts { created, gaps: Vec::new() };
    if created != arrived {
        counts.gaps = of_device(session, device)?;
    }
    let had = counts.gaps.clone();
    let highest = news.came.iter().copied().max().unwrap_or(0);
    counts.made(news.created.max(highest), news.now);
    let again = news.came.iter().copied().filter(|count| !counts.came(*count)).collect();
    if counts.gaps != had {
        session.send(DROP, &[device.into()])?;
        for gap in &counts.gaps {
            session.send(ADD, &[device.into(), gap.first.into(), gap.last.into(), gap.since.into()])?;
        }
    }
    let seen = [news.now.into(), counts.created.into(), counts.arrived().into(), device.into()];
    Ok((session.execute(SEEN, &seen)? > 0).then_some(again))
}

/// One of its counts came with two different things: two tablets have one identity.
///
/// # Errors
/// [`super::DbError`].
pub fn twin(session: &mut dyn Session, device: i64, now: i64) -> DbResult<()> {
    session.send(TWIN, &[now.into(), device.into()])?;
    session.send(super::meta::BUMP, &["devices".into()])
}

/// A tablet's gaps, in order.
///
/// # Errors
/// [`super::DbError`].
pub fn of_device(session: &mut dyn Session, device: i64) -> DbResult<Vec<Gap>> {
    session.all(OF_DEVICE, &[device.into()], |r| Ok(Gap { first: r.count(0)?, last: r.count(1)?, since: r.int(2)? }))
}

/// By tablet: how many things are missing, since when.
///
/// # Errors
/// [`super::DbError`].
pub fn all(session: &mut dyn Session) -> DbResult<Vec<(i64, u32, i64)>> {
    session.all(ALL, &[], |r| Ok((r.int(0)?, r.count(1)?, r.int(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(counts: &Counts) -> Vec<(u32, u32, i64)> {
        counts.gaps.iter().map(|g| (g.first, g.last, g.since)).collect()
    }

    #[test]
    fn what_did_not_come_is_known_with_its_age() {
        let mut counts = Counts::default();
        counts.made(14, 100);
        assert!((1..=14).all(|n| counts.came(n)));
        assert_eq!((counts.arrived(), spans(&counts)), (14, vec![]));
        counts.made(57, 200);
        assert_eq!((counts.arrived(), spans(&counts)), (14, vec![(15, 57, 200)]));
        assert!(counts.came(20));
        counts.made(60, 300);
        assert_eq!(spans(&counts), [(15, 19, 200), (21, 57, 200), (58, 60, 300)]);
        assert!(counts.came(15) && counts.came(57));
        assert_eq!(spans(&counts), [(16, 19, 200), (21, 56, 200), (58, 60, 300)]);
        // A lower word of the tablet (a restored or a copied one) takes nothing back.
        counts.made(3, 400);
        assert_eq!(counts.created, 60);
    }

    #[test]
    fn a_count_comes_once() {
        let mut counts = Counts::default();
        counts.made(3, 1);
        assert!(counts.came(2) && !counts.came(2) && counts.came(1) && counts.came(3) && !counts.came(3));
        assert!(!counts.came(4) && !counts.came(0));
        assert_eq!(counts.arrived(), 3);
    }

    #[test]
    fn the_gaps_stay_bounded_and_never_say_too_little() {
        let mut counts = Counts::default();
        counts.made(10_000, 1);
        let came: Vec<u32> = (1..=10_000).filter(|n| n % 7 == 0).collect();
        for n in &came {
            counts.came(*n);
        }
        assert!(counts.gaps.len() <= MAX_PER_DEVICE);
        assert!(counts.arrived() as usize <= came.len());
        let missing = (1..=10_000).filter(|n| n % 7 != 0);
        assert!(missing.into_iter().all(|n| counts.gaps.iter().any(|g| g.first <= n && n <= g.last)));
    }
}
