//! What stands in and beside a picture, read without decoding it.

pub mod facts;
pub mod header;
