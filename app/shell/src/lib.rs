//! The tablet's window: Tauri over the headless core.
//!
//! Nothing is decided here. One command ([`call`]) carries a screen's question to the core and its answer
//! back, one ([`tell`]) shows a notification to a person who looks elsewhere (and one asks whether the system may: [`platform`]), one scheme ([`photo`]) hands out photos, one event (`changed`) says that screens should look
//! again. What keeps the app from starting is told in a window of its own ([`trouble`]).

// Android's entry point is written by a Tauri macro and is not safe code, nor is what Java calls (`android`); nothing else here
// may be.
#![cfg_attr(mobile, allow(unsafe_code))]

#[cfg(target_os = "android")]
mod android;
#[cfg(any(target_os = "android", test))]
mod background;
mod bell;
mod call;
mod folder;
mod key;
mod log;
mod open;
mod opened;
mod options;
mod photo;
mod platform;
mod tell;
#[cfg(test)]
mod tests;
mod trouble;
mod window;

use std::process::ExitCode;

use tauri::{App, AppHandle, Builder, Context, Manager, RunEvent, Runtime, WindowEvent};

use crate::open::Open;
use crate::options::Options;

/// Starts the app as told on the command line, and returns when its window is closed.
pub fn main() -> ExitCode {
    match Options::read(std::env::args_os().skip(1), std::env::var_os(options::DATA)) {
        Ok(Options::Run { data }) => run(data),
        Ok(Options::Say(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
    }
}

/// Where Android starts the app.
#[cfg(mobile)]
#[tauri::mobile_entry_point]
fn start() {
    run(None);
}

fn run(data: Option<std::path::PathBuf>) -> ExitCode {
    log::start();
    let app = match assemble(Builder::default()).setup(|app| Ok(set_up(app, data)?)).build(context()) {
        Ok(app) => app,
        Err(error) => {
            eprintln!("The window cannot be opened: {error}");
            return ExitCode::FAILURE;
        }
    };
    match u8::try_from(app.run_return(happened)) {
        Ok(code) => ExitCode::from(code),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Configuration, icons and screens, embedded.
fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}

/// What the window can do, without opening anything yet.
fn assemble<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    #[cfg(target_os = "android")]
    let builder = builder.plugin(platform::plugin());
    builder
        .manage(open::Slot::default())
        .manage(trouble::Slot::default())
        .invoke_handler(tauri::generate_handler![call::call, tell::tell, platform::ask_to_tell])
        .register_asynchronous_uri_scheme_protocol(photo::SCHEME, photo::serve)
        .register_uri_scheme_protocol(trouble::SCHEME, trouble::serve)
}

/// Opens the tablet and its window; or, when that fails, the window that says why.
fn set_up<R: Runtime>(app: &App<R>, data: Option<std::path::PathBuf>) -> tauri::Result<()> {
    let dir = match data {
        Some(dir) => dir,
        None => app.path().app_data_dir()?,
    };
    match Open::begin(app.handle(), &dir) {
        Ok(open) => {
            app.state::<open::Slot>().fill(open);
            window::main(app, &dir)
        }
        Err(trouble) => {
            eprintln!("{}", trouble.english());
            tracing::error!(trouble = trouble.name(), "not started");
            app.state::<trouble::Slot>().fill(trouble);
            window::trouble(app)
        }
    }
}

fn happened<R: Runtime>(app: &AppHandle<R>, event: RunEvent) {
    let back = match &event {
        RunEvent::Resumed => true,
        RunEvent::WindowEvent { event: WindowEvent::Focused(focused), .. } => *focused,
        RunEvent::Exit => {
            app.state::<open::Slot>().close();
            false
        }
        _ => false,
    };
    // Someone looks at the tablet again: this is when a network that came back would be missed most.
    if back {
        app.state::<open::Slot>().look_for_network();
    }
}
