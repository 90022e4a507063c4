//! A city in one process: the real tablet core and the real server logic under virtual time, on disks
//! that forget, over lines that fail; and what must hold whatever happens.

pub mod chance;
pub mod vfs;
