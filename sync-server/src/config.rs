//! Settings: the command line wins over the environment, the environment over the file, the file over
//! the defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::auth::provider;
use crate::engines::{Photos, Place};

/// Every setting with its default, as a file to begin from. What is commented out has that value anyway.
pub const SAMPLE: &str = include_str!("sample.toml");

/// Options every command has.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// Folder that holds everything that has no other place: database, photos, keys. Made if it is missing. [default: mbs-data]
    #[arg(long, global = true, env = "MBS_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL database instead of a file in the data folder, e.g. postgres://mbs:PASSWORD@db.example.org/mbs. Several servers may share one
    #[arg(long, global = true, env = "MBS_DATABASE", value_name = "ADDRESS", hide_env_values = true)]
    pub database: Option<String>,
    /// S3 store for photos instead of the data folder, e.g. s3://BUCKET?endpoint=https://s3.example.org&region=NAME; key and secret by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long, global = true, env = "MBS_PHOTOS", value_name = "ADDRESS", hide_env_values = true)]
    pub photos: Option<String>,
    /// Settings file (TOML), with the same names as the options, e.g. `listen = "0.0.0.0:8480"`
    #[arg(long, global = true, env = "MBS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address tablets reach this server at, e.g. https://mbs.example.org; part of every enrolment QR code
    #[arg(long, global = true, env = "MBS_URL", value_name = "URL")]
    pub url: Option<String>,
    /// What is logged to the standard error, as JSON lines: error, warn, info, debug, or a filter. [default: info]
    #[arg(long, global = true, env = "MBS_LOG", value_name = "LEVEL")]
    pub log: Option<String>,
}

/// Options of `serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// Address to listen at; port 0 takes a free one. [default: 127.0.0.1:8480]
    #[arg(long, env = "MBS_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Address for Prometheus to fetch /metrics from; without it there is none
    #[arg(long, env = "MBS_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// A proxy of ours stands in front: believe the last address of its x-forwarded-for
    #[arg(long, env = "MBS_PROXIED", num_args = 0..=1, default_missing_value = "true", value_name = "YES")]
    pub proxied: Option<bool>,
    /// Everyone at the desk must sign in with a second factor; whoever has none sets it up first
    #[arg(long, env = "MBS_SECOND_FACTOR", num_args = 0..=1, default_missing_value = "true", value_name = "YES")]
    pub second_factor: Option<bool>,
    /// Everybody may fetch anonymous counts of past quarters at /open-data, without a sign-in
    #[arg(long, env = "MBS_OPEN_DATA", num_args = 0..=1, default_missing_value = "true", value_name = "YES")]
    pub open_data: Option<bool>,
    /// Address of the identity provider (OpenID Connect) by which people may sign in at the desk too
    #[arg(long, env = "MBS_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// What the identity provider calls this server (client id)
    #[arg(long, env = "MBS_OIDC_CLIENT", value_name = "ID")]
    pub oidc_client: Option<String>,
    /// What proves that to the identity provider (client secret); none for a public client. Better in the environment or the settings file
    #[arg(long, env = "MBS_OIDC_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub oidc_secret: Option<String>,
    /// What people call the identity provider, on the button. [default: Kurum hesabı]
    #[arg(long, env = "MBS_OIDC_NAME", value_name = "NAME")]
    pub oidc_name: Option<String>,
    /// The claim that holds the name operators write down for people: email (only one it vouches for), preferred_username, upn … [default: email]
    #[arg(long, env = "MBS_OIDC_CLAIM", value_name = "CLAIM")]
    pub oidc_claim: Option<String>,
    /// The identity provider asks everyone for a second factor itself, so that the desk asks for none
    #[arg(long, env = "MBS_OIDC_SECOND_FACTOR", num_args = 0..=1, default_missing_value = "true", value_name = "YES")]
    pub oidc_second_factor: Option<bool>,
}

/// The settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    database: Option<String>,
    photos: Option<String>,
    url: Option<String>,
    log: Option<String>,
    listen: Option<SocketAddr>,
    metrics_listen: Option<SocketAddr>,
    proxied: Option<bool>,
    second_factor: Option<bool>,
    open_data: Option<bool>,
    oidc_issuer: Option<String>,
    oidc_client: Option<String>,
    oidc_secret: Option<String>,
    oidc_name: Option<String>,
    oidc_claim: Option<String>,
    oidc_second_factor: Option<bool>,
}

/// What counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Data folder.
    pub data: PathBuf,
    /// Where the database is.
    pub database: Place,
    /// Where photos lie.
    pub photos: Photos,
    /// Address tablets reach the server at; may be empty.
    pub url: String,
    /// Log filter.
    pub log: String,
    /// Address to listen at.
    pub listen: SocketAddr,
    /// Address of `/metrics`.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether a proxy of ours stands in front.
    pub proxied: bool,
    /// Whether everyone at the desk must sign in with a second factor.
    pub second_factor: bool,
    /// Whether everybody may fetch what is anonymous.
    pub open_data: bool,
    /// The identity provider, where there is one.
    pub provider: Option<provider::Settings>,
}

impl Settings {
    /// Puts command line (with environment), file and defaults together.
    ///
    /// # Errors
    /// When the settings file cannot be read, or an address in it is none.
    pub fn gather(common: &Common, serve: &Serve) -> Result<Self> {
        let file = match &common.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        Self::put_together(common, serve, file)
    }

    /// What a settings file alone says.
    ///
    /// # Errors
    /// When it is none, or an address in it is none.
    pub fn of_text(text: &str) -> Result<Self> {
        Self::put_together(&Common::default(), &Serve::default(), toml::from_str(text)?)
    }

    fn put_together(common: &Common, serve: &Serve, mut file: File) -> Result<Self> {
        let provider = provider_of(serve, &mut file);
        Ok(Self {
            data: common.data.clone().or(file.data).unwrap_or_else(|| "mbs-data".into()),
            database: Place::parse(&common.database.clone().or(file.database).unwrap_or_default())?,
            photos: Photos::parse(&common.photos.clone().or(file.photos).unwrap_or_default())?,
            url: common.url.clone().or(file.url).unwrap_or_default(),
            log: common.log.clone().or(file.log).unwrap_or_else(|| "info".into()),
            listen: serve.listen.or(file.listen).unwrap_or_else(|| ([127, 0, 0, 1], 8480).into()),
            metrics_listen: serve.metrics_listen.or(file.metrics_listen),
            proxied: serve.proxied.or(file.proxied).unwrap_or(false),
            second_factor: serve.second_factor.or(file.second_factor).unwrap_or(false),
            open_data: serve.open_data.or(file.open_data).unwrap_or(false),
            provider,
        })
    }
}

/// The identity provider, where an issuer is named.
fn provider_of(serve: &Serve, file: &mut File) -> Option<provider::Settings> {
    let one = |said: &Option<String>, file: &mut Option<String>| said.clone().or(file.take());
    Some(provider::Settings {
        issuer: one(&serve.oidc_issuer, &mut file.oidc_issuer).filter(|issuer| !issuer.is_empty())?,
        client: one(&serve.oidc_client, &mut file.oidc_client).unwrap_or_default(),
        secret: one(&serve.oidc_secret, &mut file.oidc_secret).unwrap_or_default(),
        name: one(&serve.oidc_name, &mut file.oidc_name).unwrap_or_else(|| "Kurum hesabı".into()),
        claim: one(&serve.oidc_claim, &mut file.oidc_claim).unwrap_or_else(|| "email".into()),
        second_factor: serve.oidc_second_factor.or(file.oidc_second_factor).unwrap_or(false),
    })
}

fn read(path: &Path) -> Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading the settings file {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("the settings file {} has a mistake", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mbs.toml");
        std::fs::write(&path, "listen = \"0.0.0.0:9000\"\nurl = \"https://file.example\"\n").unwrap();
        let common = Common { config: Some(path), url: Some("https://line.example".into()), ..Common::default() };
        let settings = Settings::gather(&common, &Serve::default()).unwrap();
        assert_eq!(settings.url, "https://line.example");
        assert_eq!(settings.listen.port(), 9000);
        assert_eq!(settings.data, PathBuf::from("mbs-data"));
        assert_eq!(settings.database, Place::DataFolder);
    }

    #[test]
    fn the_sample_says_nothing_and_with_its_comments_off_names_every_setting_with_its_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mbs.toml");
        let of = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let common = Common { config: Some(path.clone()), ..Common::default() };
            Settings::gather(&common, &Serve::default()).unwrap()
        };
        let default = of("");
        assert_eq!(of(SAMPLE), default);
        let setting = |line: &str| line.strip_prefix("#").filter(|l| !l.starts_with([' ', '#'])).map(str::to_owned);
        let on = SAMPLE.lines().filter_map(setting).collect::<Vec<_>>().join("\n");
        let file: File = toml::from_str(&on).unwrap();
        let File { data, database, photos, url, log, listen, metrics_listen, proxied, second_factor, .. } = file;
        let File {
            open_data, oidc_issuer, oidc_client, oidc_secret, oidc_name, oidc_claim, oidc_second_factor, ..
        } = toml::from_str(&on).unwrap();
        assert_eq!(data, Some(default.data.clone()));
        assert_eq!(log, Some(default.log.clone()));
        assert_eq!(listen, Some(default.listen));
        assert_eq!((proxied, second_factor), (Some(default.proxied), Some(default.second_factor)));
        assert_eq!(open_data, Some(default.open_data));
        assert!(database.is_some() && photos.is_some() && url.is_some() && metrics_listen.is_some());
        let set = of(&on);
        let provider = set.provider.unwrap();
        assert_eq!((oidc_issuer, oidc_client), (Some(provider.issuer.clone()), Some(provider.client)));
        assert_eq!(oidc_secret, Some(provider.secret));
        // Without the others these count.
        let issuer = format!("oidc_issuer = {:?}", provider.issuer);
        let alone = of(&issuer).provider.unwrap();
        assert_eq!((oidc_name, oidc_claim), (Some(alone.name), Some(alone.claim)));
        assert_eq!(oidc_second_factor, Some(alone.second_factor));
        assert_ne!((set.database, set.photos), (default.database, default.photos));
    }

    #[test]
    fn a_misspelt_setting_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mbs.toml");
        std::fs::write(&path, "lisen = \"0.0.0.0:9000\"\n").unwrap();
        let common = Common { config: Some(path), ..Common::default() };
        let error = format!("{:#}", Settings::gather(&common, &Serve::default()).unwrap_err());
        assert!(error.contains("lisen"), "{error}");
    }
}
