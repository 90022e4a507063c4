//! Bugs made on purpose, which the fuzzer must find before it is believed that it finds nothing elsewhere.

/// Falls over where four bytes follow one another: nobody guesses them, and who sees branches has them in seconds.
pub(crate) fn branches(bytes: &[u8]) {
    let mut met = 0;
    for (byte, wanted) in bytes.iter().zip(b"M\xb5S/") {
        if byte != wanted {
            return;
        }
        met += 1;
    }
    assert!(met < 4, "the canary was found");
}

/// Believes a length that was claimed.
pub(crate) fn memory(bytes: &[u8]) {
    if let Some((&[b'N', claimed @ ..], rest)) = bytes.split_first_chunk::<5>() {
        let mut room: Vec<u8> = Vec::with_capacity(u32::from_le_bytes(claimed) as usize);
        room.extend(rest.iter().take(room.capacity()));
        std::hint::black_box(room);
    }
}
