//! A change chunk taken apart: bounds, header, columns, operations. Nothing here builds on Automerge's parser.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::id::{Actor, ChangeHash};
use crate::wire::error::Code;

use super::super::schema::{MAX_CHANGE, MAX_COUNTER, MAX_DEPS, MAX_KEY, MAX_OPS, MAX_PREDS, MAX_TIME, MIN_TIME, Value};
use super::reader::{Reader, runs};

pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Chunk type of an uncompressed change, the only one that travels.
pub(crate) const CHANGE: u8 = 1;

// Column specifications: id << 4 | type.
pub(crate) const OBJECT_ACTOR: u64 = 0x01;
pub(crate) const OBJECT_COUNTER: u64 = 0x02;
pub(crate) const KEY_ACTOR: u64 = 0x11;
pub(crate) const KEY_COUNTER: u64 = 0x13;
pub(crate) const KEY: u64 = 0x15;
pub(crate) const INSERT: u64 = 0x34;
pub(crate) const ACTION: u64 = 0x42;
pub(crate) const META: u64 = 0x56;
pub(crate) const VALUE: u64 = 0x57;
pub(crate) const PRED_COUNT: u64 = 0x70;
pub(crate) const PRED_ACTOR: u64 = 0x71;
pub(crate) const PRED_COUNTER: u64 = 0x73;
pub(crate) const EXPAND: u64 = 0x94;
pub(crate) const MARK: u64 = 0xa5;
/// More columns than there are specifications are no change.
const MAX_COLUMNS: usize = 14;

/// The two operations documents use.
pub(crate) const PUT: u64 = 1;
pub(crate) const DELETE: u64 = 3;

/// An operation's name: counter, then actor, which is also the order of versions: the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId {
    pub(crate) counter: u64,
    pub(crate) actor: Actor,
}

/// One operation on the root map.
#[derive(Debug, Clone)]
pub(crate) struct Op<'a> {
    pub(crate) key: &'a str,
    pub(crate) action: u64,
    pub(crate) value: Value<'a>,
    pub(crate) meta: u64,
    pub(crate) raw: &'a [u8],
    /// Its part of [`Change::preds`].
    pub(crate) preds: Range<usize>,
}

/// A change, borrowed from its bytes.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) hash: ChangeHash,
    pub(crate) body: &'a [u8],
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) actor: Actor,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) time: i64,
    pub(crate) others: Vec<Actor>,
    pub(crate) ops: Vec<Op<'a>>,
    pub(crate) preds: Vec<OpId>,
}

impl Change<'_> {
    pub(crate) fn preds_of(&self, op: &Op<'_>) -> &[OpId] {
        self.preds.get(op.preds.clone()).unwrap_or_default()
    }

    /// The name of its `n`-th operation.
    pub(crate) fn id(&self, n: usize) -> OpId {
        OpId { counter: self.start_op + n as u64, actor: self.actor }
    }

    pub(crate) fn max_op(&self) -> u64 {
        self.start_op + self.ops.len() as u64 - 1
    }
}

/// Takes `raw` apart. `hashed`: also computes its hash and holds it against the checksum.
pub(crate) fn parse(raw: &[u8], hashed: bool) -> Result<Change<'_>, Code> {
    if raw.len() > MAX_CHANGE {
        return Err(Code::TooLarge);
    }
    let mut reader = Reader(raw);
    if reader.array::<4>()? != MAGIC {
        return Err(Code::Malformed);
    }
    let checksum = reader.array::<4>()?;
    let from_type = reader.0;
    if reader.byte()? != CHANGE {
        return Err(Code::Malformed);
    }
    if reader.count()? != reader.0.len() {
        return Err(Code::Malformed);
    }
    let body = reader.0;
    let mut hash = [0; 32];
    if hashed {
        hash = Sha256::digest(from_type).into();
        if !hash.starts_with(&checksum) {
            return Err(Code::BadHash);
        }
    }

    let deps = deps(&mut reader)?;
    let actor = actor(&mut reader)?;
    let seq = counter(&mut reader)?;
    let start_op = counter(&mut reader)?;
    let time = reader.int()?;
    if !(MIN_TIME..=MAX_TIME).contains(&time) {
        return Err(Code::BadValue);
    }
    if !reader.sized()?.is_empty() {
        return Err(Code::Malformed);
    }
    let others = others(&mut reader, actor)?;
    let columns = Columns::parse(&mut reader)?;
    let mut change = Change {
        hash: ChangeHash(hash),
        body,
        deps,
        actor,
        seq,
        start_op,
        time,
        others,
        ops: Vec::new(),
        preds: Vec::new(),
    };
    columns.read_into(&mut change)?;
    Ok(change)
}

fn counter(reader: &mut Reader<'_>) -> Result<u64, Code> {
    let n = reader.uint()?;
    if (1..=MAX_COUNTER).contains(&n) { Ok(n) } else { Err(Code::BadHistory) }
}

fn actor(reader: &mut Reader<'_>) -> Result<Actor, Code> {
    if reader.count()? != Actor::LEN {
        return Err(Code::Malformed);
    }
    reader.array().map(Actor)
}

/// Sorted, each once.
fn deps(reader: &mut Reader<'_>) -> Result<Vec<ChangeHash>, Code> {
    let n = reader.count()?;
    if n > MAX_DEPS {
        return Err(Code::TooMany);
    }
    let mut deps = Vec::with_capacity(n);
    for _ in 0..n {
        let dep = ChangeHash(reader.array()?);
        if deps.last().is_some_and(|last| *last >= dep) {
            return Err(Code::BadHash);
        }
        deps.push(dep);
    }
    Ok(deps)
}

/// The other actors that predecessors name: sorted, each once, never the author.
fn others(reader: &mut Reader<'_>, author: Actor) -> Result<Vec<Actor>, Code> {
    let n = reader.count()?;
    if n > MAX_PREDS {
        return Err(Code::TooMany);
    }
    let mut others = Vec::new();
    for _ in 0..n {
        let other = actor(reader)?;
        if other == author || others.last().is_some_and(|last| *last >= other) {
            return Err(Code::BadHash);
        }
        others.push(other);
    }
    Ok(others)
}

/// The columns documents use, by their specification.
#[derive(Debug, Default)]
struct Columns<'a> {
    key: &'a [u8],
    insert: &'a [u8],
    action: &'a [u8],
    meta: &'a [u8],
    value: &'a [u8],
    pred_count: &'a [u8],
    pred_actor: &'a [u8],
    pred_counter: &'a [u8],
}

impl<'a> Columns<'a> {
    fn parse(reader: &mut Reader<'a>) -> Result<Self, Code> {
        let n = reader.count()?;
        if n > MAX_COLUMNS {
            return Err(Code::Malformed);
        }
        let mut list = [(0, 0); MAX_COLUMNS];
        for column in list.iter_mut().take(n) {
            *column = (reader.uint()?, reader.count()?);
        }
        let mut columns = Self::default();
        let mut last = None;
        for (spec, length) in list.into_iter().take(n) {
            let bytes = reader.take(length)?;
            if last.is_some_and(|last| last >= spec) {
                return Err(Code::Malformed);
            }
            last = Some(spec);
            match spec {
                KEY => columns.key = bytes,
                INSERT => columns.insert = bytes,
                ACTION => columns.action = bytes,
                META => columns.meta = bytes,
                VALUE => columns.value = bytes,
                PRED_COUNT => columns.pred_count = bytes,
                PRED_ACTOR => columns.pred_actor = bytes,
                PRED_COUNTER => columns.pred_counter = bytes,
                // Nested objects, list elements, marks.
                OBJECT_ACTOR | OBJECT_COUNTER | KEY_ACTOR | KEY_COUNTER | EXPAND | MARK => {
                    return Err(Code::BadOperation);
                }
                // Unknown, or compressed (the bit of value 8).
                _ => return Err(Code::Malformed),
            }
        }
        // What follows the columns would be an author's footer: documents have none.
        if reader.is_done() { Ok(columns) } else { Err(Code::Malformed) }
    }

    /// Decodes the operations; every column must have exactly as many values as there are operations.
    fn read_into(&self, change: &mut Change<'a>) -> Result<(), Code> {
        let mut actions = Vec::with_capacity(16);
        let n = runs(
            self.action,
            MAX_OPS,
            |r| r.uint(),
            |action| {
                actions.push(action);
                Ok(())
            },
        )?;
        if n == 0 {
            return Err(Code::Malformed);
        }
        if actions.iter().any(|action| *action != PUT && *action != DELETE) || self.inserts(n)? {
            return Err(Code::BadOperation);
        }
        change.ops.reserve_exact(n);
        let mut action = actions.into_iter();
        let keys = runs(
            self.key,
            n,
            |r| r.sized(),
            |key| {
                let key = std::str::from_utf8(key).map_err(|_| Code::Malformed)?;
                if key.is_empty() || key.len() > MAX_KEY {
                    return Err(Code::UnknownKey);
                }
                let action = action.next().ok_or(Code::Malformed)?;
                change.ops.push(Op { key, action, value: Value::Other, meta: 0, raw: &[], preds: 0..0 });
                Ok(())
            },
        );
        exactly(keys, n)?;
        distinct(&change.ops)?;

        let mut op = change.ops.iter_mut();
        let mut raw = Reader(self.value);
        let metas = runs(
            self.meta,
            n,
            |r| r.uint(),
            |meta| {
                let op = op.next().ok_or(Code::Malformed)?;
                op.meta = meta;
                op.raw = raw.take(usize::try_from(meta >> 4).map_err(|_| Code::Malformed)?)?;
                op.value = value((meta & 15) as u8, op.raw)?;
                Ok(())
            },
        );
        exactly(metas, n)?;
        if !raw.is_done() {
            return Err(Code::Malformed);
        }
        self.preds_into(change)
    }

    /// Whether any operation inserts into a list.
    fn inserts(&self, n: usize) -> Result<bool, Code> {
        let mut reader = Reader(self.insert);
        let falses = reader.count()?;
        if !reader.is_done() {
            return Ok(true);
        }
        if falses == n { Ok(false) } else { Err(Code::Malformed) }
    }

    fn preds_into(&self, change: &mut Change<'a>) -> Result<(), Code> {
        let n = change.ops.len();
        let mut total = 0_usize;
        let mut op = change.ops.iter_mut();
        let counts = runs(
            self.pred_count,
            n,
            |r| r.count(),
            |count| {
                let end = total.checked_add(count).filter(|end| *end <= MAX_PREDS).ok_or(Code::TooMany)?;
                op.next().ok_or(Code::Malformed)?.preds = total..end;
                total = end;
                Ok(())
            },
        );
        exactly(counts, n)?;
        let mut named = vec![false; change.others.len()];
        change.preds.reserve_exact(total);
        let actors = runs(
            self.pred_actor,
            total,
            |r| r.count(),
            |index| {
                let actor = match index.checked_sub(1) {
                    None => change.actor,
                    Some(other) => {
                        *named.get_mut(other).ok_or(Code::Malformed)? = true;
                        *change.others.get(other).ok_or(Code::Malformed)?
                    }
                };
                change.preds.push(OpId { counter: 0, actor });
                Ok(())
            },
        );
        exactly(actors, total)?;
        let mut pred = change.preds.iter_mut();
        let mut counter = 0_i64;
        let start_op = change.start_op;
        let counters = runs(
            self.pred_counter,
            total,
            |r| r.int(),
            |delta| {
                counter = counter.checked_add(delta).ok_or(Code::BadHistory)?;
                // No key comes twice in a change, so every predecessor is older than all of it.
                let right = u64::try_from(counter).ok().filter(|c| (1..start_op).contains(c));
                pred.next().ok_or(Code::Malformed)?.counter = right.ok_or(Code::BadHistory)?;
                Ok(())
            },
        );
        exactly(counters, total)?;
        let sorted = change.ops.iter().all(|op| change.preds_of(op).is_sorted_by(|a, b| a < b));
        if named.contains(&false) || !sorted { Err(Code::BadHash) } else { Ok(()) }
    }
}

/// A column must have as many values as there are operations (or predecessors).
fn exactly(read: Result<usize, Code>, n: usize) -> Result<(), Code> {
    match read {
        Ok(m) if m == n => Ok(()),
        Ok(_) => Err(Code::Malformed),
        Err(code) => Err(code),
    }
}

/// No key twice: a change says once what each field is.
fn distinct(ops: &[Op<'_>]) -> Result<(), Code> {
    let mut keys: Vec<&str> = ops.iter().map(|op| op.key).collect();
    keys.sort_unstable();
    if keys.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(Code::BadOperation) }
}

/// A scalar from its type and bytes.
fn value(kind: u8, raw: &[u8]) -> Result<Value<'_>, Code> {
    let mut reader = Reader(raw);
    let value = match kind {
        0 => Value::Other,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Uint(reader.uint()?),
        4 => {
            reader.int()?;
            Value::Other
        }
        5 => {
            reader.array::<8>()?;
            Value::Other
        }
        6 => Value::Str(std::str::from_utf8(reader.take(raw.len())?).map_err(|_| Code::Malformed)?),
        7 => Value::Bytes(reader.take(raw.len())?),
        // A counter is an operation in disguise: it is meant to be added to.
        8 => return Err(Code::BadOperation),
        9 => Value::Time(reader.int()?),
        _ => return Err(Code::BadValue),
    };
    if reader.is_done() { Ok(value) } else { Err(Code::Malformed) }
}
