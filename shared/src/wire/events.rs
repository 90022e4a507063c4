//! `GET /v1/events`: server-sent events that say how far the feed of the tablet's scope reaches. Only a
//! wake-up: data always comes by the feed, so that a lost event costs nothing but time.

use std::fmt;
use std::str::FromStr;

use super::sync::Cursor;

/// A sign of life goes out at least this often, in ms. Rarely, because each wakes a tablet's radio; more
/// often than the minute after which proxies close a silent line.
pub const ALIVE: u64 = 50_000;
/// A stream that has been silent for so long is dead, in ms.
pub const DEAD: u64 = 2 * ALIVE + 10_000;

/// How far the feed reaches: `EPOCH-SEQ` in an event's data. A tablet whose cursor is there has nothing to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News(pub Cursor);

impl News {
    /// Whether a tablet that has taken everything up to `cursor` lacks something.
    #[must_use]
    pub const fn concerns(self, cursor: Cursor) -> bool {
        self.0.epoch != cursor.epoch || self.0.seq > cursor.seq
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.epoch, self.0.seq)
    }
}

impl FromStr for News {
    type Err = super::error::Code;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, seq) = text.trim().split_once('-').ok_or(super::error::Code::Malformed)?;
        let number = |t: &str| t.parse().map_err(|_| super::error::Code::Malformed);
        Ok(Self(Cursor { epoch: number(epoch)?, seq: number(seq)? }))
    }
}

/// What an event's data says when something was announced: `announced-N`, how far announcements reach. A tablet that
/// does not know of it passes it over.
#[must_use]
pub fn announced(reach: u64) -> String {
    format!("announced-{reach}")
}

/// Reads it.
#[must_use]
pub fn announced_of(text: &str) -> Option<u64> {
    text.trim().strip_prefix("announced-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_concern_who_has_not_taken_them_and_who_knows_another_epoch() {
        let at = |epoch, seq| Cursor { epoch, seq };
        let news: News = "7-42".parse().unwrap();
        assert_eq!((news, news.to_string().as_str()), (News(at(7, 42)), "7-42"));
        assert!(news.concerns(at(7, 41)) && !news.concerns(at(7, 42)) && !news.concerns(at(7, 43)));
        assert!(news.concerns(at(8, 99)) && news.concerns(Cursor::default()));
        assert_eq!((announced_of(&announced(9)), announced_of("7-42")), (Some(9), None));
        for bad in [announced(9).as_str(), "", "pull", "7", "7-", "-1", "7-x", "7-42-1"] {
            assert!(bad.parse::<News>().is_err(), "{bad}");
        }
    }
}
