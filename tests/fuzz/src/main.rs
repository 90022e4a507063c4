//! One program for all targets. Built by `cargo fuzz-all` it is libFuzzer's, and the environment names the target;
//! built plainly it plays files again: `mbs-fuzz TARGET FILE…`.
#![cfg_attr(mbs_fuzzing, no_main)]

#[cfg(mbs_fuzzing)]
mod fuzzing {
    use std::sync::OnceLock;

    use mbs_fuzz::Target;

    #[global_allocator]
    static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

    static TARGET: OnceLock<&'static Target> = OnceLock::new();

    fn begin() {
        let name = std::env::var("MBS_FUZZ_TARGET").unwrap_or_default();
        let target = mbs_fuzz::target(&name).unwrap_or_else(|| panic!("MBS_FUZZ_TARGET={name:?} is no target"));
        TARGET.get_or_init(|| target);
        // libFuzzer's own hook ends the program at every panic. Some are caught on purpose, around libraries that read
        // pictures; one that is not caught still ends it.
        std::panic::set_hook(Box::new(|what| eprintln!("{what}")));
    }

    libfuzzer_sys::fuzz_target!(init: begin(), |bytes: &[u8]| {
        if let Some(target) = TARGET.get() {
            // What is asked for beyond this fails, and ends the program.
            let _ = MEMORY.set_limit(MEMORY.allocated() + target.memory);
            (target.run)(bytes.get(..target.longest).unwrap_or(bytes));
            let _ = MEMORY.set_limit(usize::MAX);
        }
    });
}

#[cfg(not(mbs_fuzzing))]
fn main() -> std::process::ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let Some(target) = mbs_fuzz::target(&name) else {
        let names: Vec<&str> = mbs_fuzz::TARGETS.iter().map(|t| t.name).collect();
        eprintln!("usage: mbs-fuzz TARGET FILE…\ntargets: {}", names.join(", "));
        return std::process::ExitCode::FAILURE;
    };
    for file in args {
        match std::fs::read(&file) {
            Ok(bytes) => (target.run)(&bytes),
            Err(e) => {
                eprintln!("{file}: {e}");
                return std::process::ExitCode::FAILURE;
            }
        }
        println!("{file}: nothing happened");
    }
    std::process::ExitCode::SUCCESS
}
