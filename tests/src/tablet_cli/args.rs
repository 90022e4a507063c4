//! What can be asked on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand, ValueEnum};
use mbs_shared::id::RequestId;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::Kind;
use mbs_shared::wire::entry::EntryKind;

/// The tablet's core without a window.
#[derive(Debug, Parser)]
#[command(name = "mbs-tablet", version, about, max_term_width = 100)]
pub(super) struct Args {
    /// Folder of this tablet's data; begun when it is not there.
    #[arg(long, value_name = "DIR", env = "MBS_TABLET_DATA")]
    pub(super) data: PathBuf,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give this tablet an identity.
    Enrol {
        /// Address of the server, e.g. https://mbs.example.
        #[arg(long, value_name = "URL", required_unless_present = "practice")]
        server: Option<String>,
        /// The one-time code as the desk shows it.
        #[arg(long, required_unless_present = "practice")]
        code: Option<String>,
        /// An identity for practice, whose requests are never sent.
        #[arg(long, conflicts_with_all = ["server", "code"])]
        practice: bool,
    },
    /// Who this tablet is, how it stands with the server, what waits.
    Status,
    /// File a request. It is saved when its number is printed.
    Capture(Capture),
    /// All requests and drafts, newest first.
    List {
        /// Only those in which all these words occur (Turkish-folded).
        #[arg(long, value_name = "WORDS", default_value = "")]
        find: String,
    },
    /// One request with photos, history, answer and thread.
    Show {
        /// Its identifier, offline case number or official number.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Correct a request that was sent.
    Edit {
        /// Its identifier, offline case number or official number.
        #[arg(value_name = "ID")]
        id: String,
        /// New words.
        #[arg(long)]
        text: Option<String>,
        /// New first line.
        #[arg(long)]
        title: Option<String>,
        /// New category code.
        #[arg(long, value_name = "CODE")]
        category: Option<String>,
    },
    /// Write into a request's thread: a message, an answer, a confirmation …
    Say {
        /// Its identifier, offline case number or official number.
        #[arg(value_name = "ID")]
        id: String,
        /// What it is.
        #[arg(long, value_enum, default_value_t = Saying::Message)]
        kind: Saying,
        /// The words; may be left out for withdraw and confirm.
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Send what waits and fetch what is new, until there is nothing more to do or the line is cut.
    Sync,
    /// What waits, since when and why.
    Outbox,
    /// Write everything into a folder: requests as JSON, photos as JPEG.
    Export {
        /// The folder; begun when it is not there.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Write what waits into files for a courier (a stick, another tablet), sealed for the server. Nothing leaves the
    /// outbox by it.
    Courier {
        /// The folder; begun when it is not there.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Take another tablet's courier file along: it is brought to the server with the next sync.
    Carry {
        /// The file, mbs-kurye-….mbsk.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Serve the tablet's screens to a browser on this machine, and sync meanwhile.
    Serve {
        /// Where to listen.
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8481")]
        listen: SocketAddr,
        /// The built screens.
        #[arg(long, value_name = "DIR", default_value = "ui/dist/tablet")]
        ui: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Capture {
    /// The muhtar's words.
    #[arg(long)]
    pub(super) text: String,
    /// A photo; may be given up to six times, voice notes counted.
    #[arg(long, value_name = "FILE")]
    pub(super) photo: Vec<PathBuf>,
    /// A voice note: Opus in Ogg, at most a minute.
    #[arg(long, value_name = "FILE")]
    pub(super) voice: Vec<PathBuf>,
    /// The place: degrees north and east.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(super) at: Option<Place>,
    /// Category code, e.g. yol.cukur.
    #[arg(long, value_name = "CODE")]
    pub(super) category: Option<String>,
    /// First line.
    #[arg(long)]
    pub(super) title: Option<String>,
    /// Address line.
    #[arg(long)]
    pub(super) addr: Option<String>,
    /// Kind of petition.
    #[arg(long, value_parser = kind)]
    pub(super) kind: Option<Kind>,
    /// Keep it as a draft instead of sending it.
    #[arg(long)]
    pub(super) draft: bool,
}

/// A place as written on the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place(pub(super) Fix);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |t: &str| t.trim().parse::<f64>().map_err(|_| format!("{t:?} is no number of degrees"));
        let (lat, lon) =
            text.split_once(',').ok_or("write degrees north and east with a comma, e.g. 40.9946,29.0259")?;
        let fix = Fix { lat: number(lat)?, lon: number(lon)?, accuracy: 0.0, source: FixSource::Map };
        if fix.is_plausible() { Ok(Self(fix)) } else { Err(format!("{text:?} is no place on Earth")) }
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    let known: Vec<_> = Kind::ALL.iter().map(|k| k.code()).collect();
    Kind::from_code(text).ok_or_else(|| format!("one of: {}", known.join(", ")))
}

/// Entry kinds, by the words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Saying {
    Message,
    Note,
    Withdraw,
    Answer,
    Confirm,
    Object,
    Add,
}

impl From<Saying> for EntryKind {
    fn from(saying: Saying) -> Self {
        match saying {
            Saying::Message => Self::Message,
            Saying::Note => Self::Note,
            Saying::Withdraw => Self::Withdraw,
            Saying::Answer => Self::Answer,
            Saying::Confirm => Self::Confirm,
            Saying::Object => Self::Object,
            Saying::Add => Self::Add,
        }
    }
}

/// Whether the text can only be an identifier.
pub(super) fn as_id(text: &str) -> Option<RequestId> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from(["mbs-tablet", "--data", "t"].iter().chain(words))
    }

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn a_capture_is_read() {
        let args = parse(&[
            "capture",
            "--text",
            "Çukur",
            "--photo",
            "a.jpg",
            "--photo",
            "b.jpg",
            "--at",
            "40.9946,29.0259",
            "--json",
        ]);
        let args = args.unwrap();
        assert!(args.json);
        let Command::Capture(capture) = args.command else { panic!("not a capture") };
        assert_eq!(capture.photo.len(), 2);
        assert!((capture.at.unwrap().0.lat - 40.9946).abs() < 1e-9);
    }

    #[test]
    fn a_practice_identity_needs_no_server() {
        assert!(parse(&["enrol", "--practice"]).is_ok());
        assert!(parse(&["enrol", "--server", "http://127.0.0.1:1", "--code", "4KR7"]).is_ok());
        for wrong in [&["enrol"][..], &["enrol", "--server", "x"], &["enrol", "--practice", "--code", "4KR7"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn places_that_cannot_be_are_refused() {
        for wrong in ["", "41", "41;29", "a,b", "91,29", "0,0", "nan,29"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
