//! The command line: a folder, and nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

/// Environment variable that names the data folder.
pub(crate) const DATA: &str = "MBS_TABLET_DATA";

const HELP: &str = "\
mbs-app: the tablet's window (Muhtarlık Bilgi Sistemi)

usage: mbs-app [--data DIR]

  --data DIR   keep everything in this folder; else MBS_TABLET_DATA names it,
               else the system's folder for this app's data is used
  --help       this text
  --version    the version

MBS_LOG sets what is logged to standard error (default: warn,mbs_shell=info).";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Options {
    /// Open the window.
    Run {
        /// The data folder, where one was named.
        data: Option<PathBuf>,
    },
    /// Only print this.
    Say(String),
}

impl Options {
    /// Reads the arguments (without the program's name) and the value of [`DATA`]; an error is a sentence.
    pub(crate) fn read(args: impl IntoIterator<Item = OsString>, env: Option<OsString>) -> Result<Self, String> {
        let mut data = env.filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--data") => match args.next() {
                    Some(dir) if !dir.is_empty() => data = Some(dir.into()),
                    _ => return Err("--data needs a folder. See mbs-app --help.".into()),
                },
                Some("--help" | "-h") => return Ok(Self::Say(HELP.into())),
                Some("--version" | "-V") => {
                    return Ok(Self::Say(concat!("mbs-app ", env!("CARGO_PKG_VERSION")).into()));
                }
                Some(other) => match other.strip_prefix("--data=") {
                    Some(dir) if !dir.is_empty() => data = Some(dir.into()),
                    _ => return Err(format!("{other} is not understood. See mbs-app --help.")),
                },
                None => {
                    return Err(format!("{} is not understood. See mbs-app --help.", arg.display()));
                }
            }
        }
        Ok(Self::Run { data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str], env: Option<&str>) -> Result<Options, String> {
        Options::read(args.iter().map(OsString::from), env.map(OsString::from))
    }

    fn run(dir: Option<&str>) -> Result<Options, String> {
        Ok(Options::Run { data: dir.map(PathBuf::from) })
    }

    #[test]
    fn the_argument_wins_over_the_environment() {
        assert_eq!(read(&[], None), run(None));
        assert_eq!(read(&[], Some("")), run(None));
        assert_eq!(read(&[], Some("/e")), run(Some("/e")));
        assert_eq!(read(&["--data", "/a"], Some("/e")), run(Some("/a")));
        assert_eq!(read(&["--data=/a"], Some("/e")), run(Some("/a")));
    }

    #[test]
    fn what_is_not_understood_gets_a_sentence() {
        for bad in [&["--data"][..], &["--data="], &["--data", ""], &["--dta", "/a"], &["/a"]] {
            let sentence = read(bad, None).unwrap_err();
            assert!(sentence.ends_with("See mbs-app --help."), "{sentence}");
        }
        assert!(matches!(read(&["--help"], None), Ok(Options::Say(text)) if text.contains("--data DIR")));
    }
}
