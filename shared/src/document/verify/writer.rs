//! The one way Automerge writes a change: what a change must look like, byte for byte.

use sha2::{Digest, Sha256};

use super::chunk::{self, Change};

/// Unsigned LEB128.
pub(crate) fn uint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(low(n) | 0x80);
        n >>= 7;
    }
    out.push(low(n));
}

/// Signed LEB128.
pub(crate) fn int(out: &mut Vec<u8>, mut n: i64) {
    loop {
        let byte = low(n.cast_unsigned());
        n >>= 7;
        if (n == 0 && byte & 0x40 == 0) || (n == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

fn low(n: u64) -> u8 {
    (n & 0x7f) as u8
}

fn len(n: usize) -> u64 {
    n as u64
}

/// Bytes after their length.
pub(crate) fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    uint(out, len(bytes.len()));
    out.extend_from_slice(bytes);
}

/// A run-length column: equal neighbours as a run, all others one after another.
pub(crate) fn runs<T: PartialEq + Copy>(
    out: &mut Vec<u8>,
    values: impl Iterator<Item = T> + Clone,
    write: impl Fn(&mut Vec<u8>, T),
) {
    let mut rest = values;
    while let Some(value) = rest.clone().next() {
        let same = rest.clone().take_while(|v| *v == value).count();
        if same > 1 {
            int(out, i64::try_from(same).unwrap_or(i64::MAX));
            write(out, value);
            rest.nth(same - 1);
            continue;
        }
        // Up to the next pair of equals.
        let mut ahead = rest.clone();
        let mut alone = 0;
        while let Some(a) = ahead.next() {
            if ahead.clone().next() == Some(a) {
                break;
            }
            alone += 1;
        }
        int(out, -alone);
        for _ in 0..alone {
            if let Some(v) = rest.next() {
                write(out, v);
            }
        }
    }
}

/// The body of a change chunk, from its parts.
pub(crate) fn body(change: &Change<'_>, size: usize) -> Vec<u8> {
    let ops = &change.ops;
    let mut data = Vec::with_capacity(size);
    let mut columns = [(0, 0); 8];
    let mut used = 0;
    let mut start = 0;
    let mut end = |data: &Vec<u8>, spec: u64| {
        if let Some(column) = columns.get_mut(used)
            && data.len() > start
        {
            *column = (spec, len(data.len() - start));
            start = data.len();
            used += 1;
        }
    };
    // No key comes twice, so all keys stand one after another.
    int(&mut data, -i64::try_from(ops.len()).unwrap_or(0));
    for op in ops {
        sized(&mut data, op.key.as_bytes());
    }
    end(&data, chunk::KEY);
    uint(&mut data, len(ops.len()));
    end(&data, chunk::INSERT);
    runs(&mut data, ops.iter().map(|op| op.action), uint);
    end(&data, chunk::ACTION);
    runs(&mut data, ops.iter().map(|op| op.meta), uint);
    end(&data, chunk::META);
    for op in ops {
        data.extend_from_slice(op.raw);
    }
    end(&data, chunk::VALUE);
    runs(&mut data, ops.iter().map(|op| len(op.preds.len())), uint);
    end(&data, chunk::PRED_COUNT);
    let actor = |a: &crate::id::Actor| change.others.binary_search(a).map_or(0, |i| len(i) + 1);
    runs(&mut data, change.preds.iter().map(|id| actor(&id.actor)), uint);
    end(&data, chunk::PRED_ACTOR);
    let mut before = 0;
    let deltas = change.preds.iter().map(|id| {
        let now = id.counter.cast_signed();
        let delta = now - before;
        before = now;
        delta
    });
    runs(&mut data, deltas.collect::<Vec<_>>().iter().copied(), int);
    end(&data, chunk::PRED_COUNTER);

    let mut out = Vec::with_capacity(size);
    uint(&mut out, len(change.deps.len()));
    for dep in &change.deps {
        out.extend_from_slice(dep.as_bytes());
    }
    sized(&mut out, change.actor.as_bytes());
    uint(&mut out, change.seq);
    uint(&mut out, change.start_op);
    int(&mut out, change.time);
    uint(&mut out, 0);
    uint(&mut out, len(change.others.len()));
    for other in &change.others {
        sized(&mut out, other.as_bytes());
    }
    uint(&mut out, len(used));
    for (spec, length) in columns.iter().take(used) {
        uint(&mut out, *spec);
        uint(&mut out, *length);
    }
    out.extend_from_slice(&data);
    out
}

/// A whole chunk around `body`: magic number, checksum, type, length. With the hash it gives.
#[cfg_attr(not(feature = "forge"), allow(dead_code, reason = "only forged changes are put together here"))]
pub(crate) fn chunk_of(kind: u8, body: &[u8]) -> ([u8; 32], Vec<u8>) {
    let mut head = Vec::with_capacity(4);
    head.push(kind);
    uint(&mut head, len(body.len()));
    let hash: [u8; 32] = Sha256::new().chain_update(&head).chain_update(body).finalize().into();
    let mut out = Vec::with_capacity(12 + body.len());
    out.extend_from_slice(&chunk::MAGIC);
    out.extend(hash.iter().take(4));
    out.extend_from_slice(&head);
    out.extend_from_slice(body);
    (hash, out)
}
