//! The stories: each plays with real processes, and what counts stands in the databases afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story stops at what should not be"
)]

mod acknowledgements;
mod answer_photos;
mod background;
mod command_line;
mod copied_tablet;
mod couriers;
mod cut_photos;
mod desk_browser;
mod desk_speaks;
mod desk_steps;
mod fortnight;
mod identity;
mod institutions;
mod kills;
mod lost_key;
mod main_job;
mod mandates;
mod maps;
mod neighbours;
mod objections;
mod one_matter;
mod operators;
mod parts;
mod played;
mod program;
mod receipts;
mod refusals;
mod releases;
mod restores;
mod storm;
mod two_days_offline;
mod two_instances;
mod two_tablets;
mod wake_ups;
mod wrong_clocks;
