//! The sync server: takes what tablets file, numbers it, routes it, and gives back what was decided.
//!
//! `handlers` are plain functions over [`service::Service`], callable without a socket; [`router`] puts
//! HTTP around them and [`serve`] a listener. Everything written goes through [`writer`].

pub mod anchor;
pub mod announcements;
pub mod auth;
pub mod blob_store;
pub mod commands;
pub mod config;
pub mod database;
pub mod digest;
pub mod directory;
pub mod engines;
pub mod error;
pub mod handlers;
pub mod jobs;
pub mod journal;
pub mod knowledge;
pub mod map;
pub mod operate;
pub mod ports;
pub mod presence;
pub mod report;
pub mod router;
pub mod routing;
pub mod search;
pub mod secrets;
pub mod serve;
pub mod service;
pub mod tries;
pub mod uploads;
pub mod wake;
pub mod watch;
pub mod writer;
