pub mod door; pub mod error;
