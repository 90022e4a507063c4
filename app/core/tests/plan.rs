//! The planner's promises, as properties.

use mbs_shared::id::BlobHash;
use mbs_shared::wire::blob::MAX_SLICE;
use mbs_shared::wire::sync::{MAX_FRAME, MAX_ITEMS, MAX_UNPACKED};
use mbs_tablet::sync::plan::{Line, MIN_PAGE, MIN_SLICE, Next, Photo, Size, batch, photo};
use proptest::prelude::*;

fn size() -> impl Strategy<Value = Size> {
    (1..40_000_usize, 1..33_000_usize).prop_map(|(packed, raw)| Size { packed, raw })
}

fn line() -> impl Strategy<Value = Line> {
    (MIN_PAGE..300_000, 1..100_usize, MIN_SLICE..500_000_u32).prop_map(|(page, items, slice)| Line {
        page,
        items,
        slice,
    })
}

fn waiting() -> impl Strategy<Value = Photo> {
    (any::<[u8; 32]>(), 1..409_600_u32, any::<u16>(), proptest::option::of(1..24_000_u32), any::<bool>()).prop_map(
        |(hash, size, sent, thumb, unsure)| Photo {
            hash: BlobHash(hash),
            size,
            sent: u32::from(sent) % size,
            thumb,
            unsure,
        },
    )
}

proptest! {
    #[test]
    fn something_always_goes_and_never_too_much(sizes in proptest::collection::vec(size(), 0..120), line in line()) {
        let n = batch(&sizes, &line);
        prop_assert_eq!(n == 0, sizes.is_empty());
        prop_assert!(n <= MAX_ITEMS.min(line.items).max(1));
        if n > 1 {
            let packed: usize = sizes[..n].iter().map(|s| s.packed).sum();
            let raw: usize = sizes[..n].iter().map(|s| s.raw).sum();
            prop_assert!(packed <= MAX_FRAME && packed <= line.page as usize);
            prop_assert!(raw <= MAX_UNPACKED);
        }
    }

    #[test]
    fn previews_come_before_full_sizes_and_the_smallest_first(photos in proptest::collection::vec(waiting(), 1..10), line in line()) {
        let smallest_thumb = photos.iter().filter_map(|p| p.thumb).min();
        match photo(&photos, &line, u32::MAX).unwrap() {
            Next::Thumb(hash) => {
                let of = photos.iter().find(|p| p.hash == hash).unwrap();
                prop_assert_eq!(of.thumb, smallest_thumb);
            }
            Next::Ask(hash) => {
                prop_assert_eq!(smallest_thumb, None);
                prop_assert!(photos.iter().find(|p| p.hash == hash).unwrap().unsure);
            }
            Next::Slice { hash, offset, len } => {
                prop_assert_eq!(smallest_thumb, None);
                let of = photos.iter().find(|p| p.hash == hash).unwrap();
                prop_assert!(!of.unsure && offset == of.sent && len > 0 && offset + len <= of.size && len <= MAX_SLICE);
                let least = photos.iter().map(|p| p.size - p.sent).min().unwrap();
                prop_assert_eq!(of.size - of.sent, least);
            }
        }
    }

    #[test]
    fn full_sizes_keep_to_what_may_still_go(photos in proptest::collection::vec(waiting(), 1..10), line in line(), left: u32) {
        match photo(&photos, &line, left) {
            Some(Next::Slice { len, .. }) => prop_assert!(len <= left),
            Some(Next::Thumb(_)) => {}
            Some(Next::Ask(_)) => prop_assert!(left >= MIN_SLICE),
            None => prop_assert!(left < MIN_SLICE && photos.iter().all(|p| p.thumb.is_none())),
        }
    }

    #[test]
    fn a_line_recovers_and_never_gets_stuck(cuts in proptest::collection::vec(any::<bool>(), 0..60)) {
        let mut line = Line::default();
        for cut in cuts {
            if cut { line.page_cut(); line.slice_cut(); } else { line.page_passed(); line.slice_passed(); }
            prop_assert!(line.page >= MIN_PAGE && line.slice >= MIN_SLICE && line.slice <= MAX_SLICE);
            prop_assert!(line.items >= 1);
        }
        for _ in 0..20 { line.page_passed(); line.slice_passed(); }
        prop_assert_eq!(line.slice, MAX_SLICE);
        prop_assert_eq!(line.items, MAX_ITEMS);
    }
}

#[test]
fn nothing_waits_nothing_goes() {
    assert_eq!(batch(&[], &Line::default()), 0);
    assert_eq!(photo(&[], &Line::default(), u32::MAX), None);
}

#[test]
fn a_refused_frame_is_halved_down_to_the_one_to_blame() {
    let mut line = Line::default();
    let mut sent = 64;
    let mut halvings = 0;
    while sent > 1 {
        line.frame_refused(sent);
        sent = line.items;
        halvings += 1;
    }
    assert_eq!(halvings, 6);
}
