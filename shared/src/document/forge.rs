//! Changes that no honest tablet makes, for tests of refusal. Behind the feature `forge`; never part of a product.
//!
//! [`Forge`] takes a real change apart, lets a test alter anything, and puts it together with a right checksum.
//! [`Mutation`] names the classes of attack, each with the code it must be refused with.

use crate::wire::error::Code;

use super::verify::parts::{self, INSERT, KEY, MAGIC, META, PRED_ACTOR, PRED_COUNT, PRED_COUNTER, PUT, VALUE};

/// One operation, as loosely as the format can hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgedOp {
    /// Key in the root map.
    pub key: String,
    /// Action number: 1 puts, 3 deletes, 0, 2, 4 and 6 make objects, 5 increments, 7 marks.
    pub action: u64,
    /// Scalar type number.
    pub kind: u8,
    /// The scalar's bytes.
    pub raw: Vec<u8>,
    /// Predecessors: counter, and index of the actor (0: the author).
    pub preds: Vec<(u64, u64)>,
}

/// A change in pieces, all of them open to alteration.
#[derive(Debug, Clone)]
pub struct Forge {
    /// Chunk type; 1 is a change.
    pub chunk_type: u8,
    /// Dependencies.
    pub deps: Vec<[u8; 32]>,
    /// Author.
    pub actor: Vec<u8>,
    /// The author's count.
    pub seq: u64,
    /// Counter of the first operation.
    pub start_op: u64,
    /// Unix ms.
    pub time: i64,
    /// Commit message.
    pub message: Vec<u8>,
    /// Other actors.
    pub others: Vec<Vec<u8>>,
    /// Operations.
    pub ops: Vec<ForgedOp>,
    /// Columns that are added, or written in place of what the operations give.
    pub columns: Vec<(u64, Vec<u8>)>,
    /// Bytes inside the chunk, after the columns.
    pub footer: Vec<u8>,
    /// Bytes after the chunk.
    pub trailing: Vec<u8>,
}

impl Forge {
    /// Takes a sound change apart; `None` when it is not sound.
    #[must_use]
    pub fn of(raw: &[u8]) -> Option<Self> {
        let change = parts::parse(raw, true).ok()?;
        let index = |a| change.others.binary_search(a).map_or(0, |i| i as u64 + 1);
        let op = |op: &parts::Op<'_>| ForgedOp {
            key: op.key.to_owned(),
            action: op.action,
            kind: (op.meta & 15) as u8,
            raw: op.raw.to_vec(),
            preds: change.preds_of(op).iter().map(|id| (id.counter, index(&id.actor))).collect(),
        };
        Some(Self {
            chunk_type: parts::CHANGE,
            deps: change.deps.iter().map(|d| d.0).collect(),
            actor: change.actor.0.to_vec(),
            seq: change.seq,
            start_op: change.start_op,
            time: change.time,
            message: Vec::new(),
            others: change.others.iter().map(|a| a.0.to_vec()).collect(),
            ops: change.ops.iter().map(op).collect(),
            columns: Vec::new(),
            footer: Vec::new(),
            trailing: Vec::new(),
        })
    }

    /// The operation on `key`, made if there is none.
    pub fn op(&mut self, key: &str) -> &mut ForgedOp {
        let i = self.ops.iter().position(|op| op.key == key).unwrap_or_else(|| {
            let op = ForgedOp { key: key.to_owned(), action: PUT, kind: 6, raw: Vec::new(), preds: Vec::new() };
            self.ops.push(op);
            self.ops.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or just pushed")]
        &mut self.ops[i]
    }

    /// Puts the scalar of type `kind` under `key`.
    #[must_use]
    pub fn put(mut self, key: &str, kind: u8, raw: &[u8]) -> Self {
        let op = self.op(key);
        op.kind = kind;
        op.raw = raw.to_vec();
        self
    }

    /// Writes `bytes` as the column of that specification, whatever the operations say.
    #[must_use]
    pub fn column(mut self, spec: u64, bytes: &[u8]) -> Self {
        self.columns.push((spec, bytes.to_vec()));
        self
    }

    /// The whole chunk, its checksum right.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut columns = self.own_columns();
        columns.retain(|(spec, bytes)| !bytes.is_empty() && !self.columns.iter().any(|(s, _)| s == spec));
        columns.extend(self.columns.iter().cloned());
        columns.sort_by_key(|(spec, _)| *spec);

        let mut body = Vec::new();
        parts::uint(&mut body, self.deps.len() as u64);
        body.extend(self.deps.iter().flatten());
        parts::sized(&mut body, &self.actor);
        parts::uint(&mut body, self.seq);
        parts::uint(&mut body, self.start_op);
        parts::int(&mut body, self.time);
        parts::sized(&mut body, &self.message);
        parts::uint(&mut body, self.others.len() as u64);
        for other in &self.others {
            parts::sized(&mut body, other);
        }
        parts::uint(&mut body, columns.len() as u64);
        for (spec, bytes) in &columns {
            parts::uint(&mut body, *spec);
            parts::uint(&mut body, bytes.len() as u64);
        }
        body.extend(columns.iter().flat_map(|(_, bytes)| bytes));
        body.extend_from_slice(&self.footer);
        let (_, mut out) = parts::chunk_of(self.chunk_type, &body);
        out.extend_from_slice(&self.trailing);
        out
    }

    fn own_columns(&self) -> Vec<(u64, Vec<u8>)> {
        let ops = &self.ops;
        let mut key = Vec::new();
        parts::runs(&mut key, ops.iter().map(|op| op.key.as_str()), |out, key: &str| parts::sized(out, key.as_bytes()));
        let mut insert = Vec::new();
        parts::uint(&mut insert, ops.len() as u64);
        let [mut action, mut meta, mut count, mut actor, mut counter] = [const { Vec::new() }; 5];
        parts::runs(&mut action, ops.iter().map(|op| op.action), parts::uint);
        parts::runs(&mut meta, ops.iter().map(|op| ((op.raw.len() as u64) << 4) | u64::from(op.kind)), parts::uint);
        let value = ops.iter().flat_map(|op| op.raw.iter().copied()).collect();
        parts::runs(&mut count, ops.iter().map(|op| op.preds.len() as u64), parts::uint);
        let preds = || ops.iter().flat_map(|op| &op.preds);
        parts::runs(&mut actor, preds().map(|p| p.1), parts::uint);
        let mut before = 0_i64;
        let deltas: Vec<i64> = preds()
            .map(|p| {
                let delta = p.0.cast_signed().wrapping_sub(before);
                before = p.0.cast_signed();
                delta
            })
            .collect();
        parts::runs(&mut counter, deltas.iter().copied(), parts::int);
        vec![
            (KEY, key),
            (INSERT, insert),
            (parts::ACTION, action),
            (META, meta),
            (VALUE, value),
            (PRED_COUNT, count),
            (PRED_ACTOR, actor),
            (PRED_COUNTER, counter),
        ]
    }
}

/// Gives a chunk the checksum its content asks for, so that only what lies behind it is tested.
/// `raw` must at least begin like a chunk; else it comes back as it is.
#[must_use]
pub fn with_right_checksum(raw: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    match (raw.get(..4), raw.get(8..)) {
        (Some(magic), Some(rest)) if magic == MAGIC => {
            let hash: [u8; 32] = Sha256::digest(rest).into();
            [&MAGIC[..], hash.split_at(4).0, rest].concat()
        }
        _ => raw.to_vec(),
    }
}

/// Classes of attack on a first change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// A map inside the map.
    NestedMap,
    /// A list.
    NestedList,
    /// A text object.
    NestedText,
    /// An operation inside another object.
    InsideObject,
    /// An element of a list.
    ListElement,
    /// An insertion.
    Insert,
    /// A delete of a whole field.
    Delete,
    /// An increment.
    Increment,
    /// A counter.
    Counter,
    /// A mark on text.
    Mark,
    /// A mark's expand column.
    Expand,
    /// A key the schema lacks.
    WrongKey,
    /// A photo's key that is not the beginning of its hash.
    ForeignPhotoKey,
    /// A value of another type.
    WrongType,
    /// A null.
    Null,
    /// A scalar type nobody defined.
    UnknownScalar,
    /// A description past its limit.
    OversizeValue,
    /// A change past its limit.
    OversizeChange,
    /// Seven photos.
    TooManyPhotos,
    /// A required field left out.
    MissingField,
    /// A place on null island.
    NullIsland,
    /// A time no calendar has.
    AbsurdTime,
    /// A field twice.
    KeyTwice,
    /// A predecessor where nothing was before.
    WrongPred,
    /// Operations that begin late.
    WrongStartOp,
    /// A sequence that begins late.
    WrongSeq,
    /// A counter near overflow.
    HugeStartOp,
    /// A column nobody defined.
    ForeignColumn,
    /// A column marked as compressed.
    CompressedColumn,
    /// Millions of operations in a few bytes.
    RunLengthBomb,
    /// Millions of predecessors in a few bytes.
    PredBomb,
    /// 513 operations.
    TooManyOps,
    /// Nine dependencies.
    TooManyDeps,
    /// A compressed chunk.
    CompressedChunk,
    /// A document chunk.
    DocumentChunk,
    /// A bundle chunk.
    BundleChunk,
    /// Bytes after the chunk.
    TrailingBytes,
    /// An author's footer inside the chunk.
    Footer,
    /// A commit message.
    Message,
    /// An actor of another length.
    ShortActor,
    /// An actor that nothing refers to.
    IdleActor,
    /// Runs split where Automerge joins them.
    NotCanonical,
    /// A number with needless bytes.
    OverlongNumber,
    /// Words that are not UTF-8.
    BrokenText,
    /// No operation at all.
    Empty,
    /// A wrong checksum.
    WrongChecksum,
}

impl Mutation {
    /// All classes.
    pub const ALL: [Self; 46] = {
        use Mutation::*;
        [
            NestedMap,
            NestedList,
            NestedText,
            InsideObject,
            ListElement,
            Insert,
            Delete,
            Increment,
            Counter,
            Mark,
            Expand,
            WrongKey,
            ForeignPhotoKey,
            WrongType,
            Null,
            UnknownScalar,
            OversizeValue,
            OversizeChange,
            TooManyPhotos,
            MissingField,
            NullIsland,
            AbsurdTime,
            KeyTwice,
            WrongPred,
            WrongStartOp,
            WrongSeq,
            HugeStartOp,
            ForeignColumn,
            CompressedColumn,
            RunLengthBomb,
            PredBomb,
            TooManyOps,
            TooManyDeps,
            CompressedChunk,
            DocumentChunk,
            BundleChunk,
            TrailingBytes,
            Footer,
            Message,
            ShortActor,
            IdleActor,
            NotCanonical,
            OverlongNumber,
            BrokenText,
            Empty,
            WrongChecksum,
        ]
    };

    /// What it must be refused with.
    #[must_use]
    pub const fn code(self) -> Code {
        use Mutation::*;
        match self {
            NestedMap | NestedList | NestedText | InsideObject | ListElement | Insert | Delete | Increment
            | Counter | Mark | Expand | KeyTwice => Code::BadOperation,
            WrongKey => Code::UnknownKey,
            ForeignPhotoKey | WrongType | Null | UnknownScalar | OversizeValue | MissingField | NullIsland
            | AbsurdTime => Code::BadValue,
            OversizeChange => Code::TooLarge,
            TooManyPhotos | RunLengthBomb | PredBomb | TooManyOps | TooManyDeps => Code::TooMany,
            WrongPred | WrongStartOp | WrongSeq | HugeStartOp => Code::BadHistory,
            IdleActor | NotCanonical | WrongChecksum => Code::BadHash,
            ForeignColumn | CompressedColumn | CompressedChunk | DocumentChunk | BundleChunk | TrailingBytes
            | Footer | Message | ShortActor | OverlongNumber | BrokenText | Empty => Code::Malformed,
        }
    }

    /// `raw`, a sound first change with a description, mutated that way. `None` when it is not sound.
    #[must_use]
    pub fn of(self, raw: &[u8]) -> Option<Vec<u8>> {
        use Mutation::*;
        let mut f = Forge::of(raw)?;
        let n = f.ops.len() as u64;
        let photo = |n: u8| {
            let mut bytes = vec![n; 32];
            bytes.extend([0, 0, 0, 1, 0, 0, 9, 0, 9]);
            bytes
        };
        let make = |f: &mut Forge, action: u64| {
            let op = f.op("desc");
            (op.action, op.kind) = (action, 0);
            op.raw.clear();
        };
        match self {
            NestedMap => make(&mut f, 0),
            NestedList => make(&mut f, 2),
            NestedText => make(&mut f, 4),
            Mark => make(&mut f, 7),
            Delete => make(&mut f, 3),
            Increment => {
                let op = f.op("desc");
                (op.action, op.kind, op.raw) = (5, 4, vec![1]);
            }
            InsideObject => f = f.column(0x01, &repeat(n, 0)).column(0x02, &repeat(n, 1)),
            ListElement => f = f.column(0x11, &repeat(n, 0)).column(0x13, &repeat(n, 1)),
            Insert => f = f.column(INSERT, &two(0, n)),
            Expand => f = f.column(0x94, &two(0, n)),
            Counter => f = f.put("discreet", 8, &[1]),
            WrongKey => f = f.put("status", 6, b"closed"),
            ForeignPhotoKey => f = f.put("b/ffffffff", 7, &photo(0xee)),
            WrongType => f = f.put("title", 7, b"bytes"),
            Null => f = f.put("title", 0, &[]),
            UnknownScalar => f = f.put("title", 12, b"?"),
            OversizeValue => f = f.put("desc", 6, &[b'x'; 8_001]),
            OversizeChange => f = f.put("desc", 6, &[b'x'; 33_000]),
            TooManyPhotos => {
                for n in 0x11..0x18 {
                    f = f.put(&format!("b/{}", format!("{n:02x}").repeat(4)), 7, &photo(n));
                }
            }
            MissingField => f.ops.retain(|op| op.key != "no"),
            NullIsland => f = f.put("gps", 7, &[0; 11]),
            AbsurdTime => f.time = i64::MAX,
            KeyTwice => {
                let twin = f.op("desc").clone();
                f.ops.push(twin);
            }
            WrongPred => f.op("desc").preds.push((1, 0)),
            WrongStartOp => f.start_op = 2,
            WrongSeq => f.seq = 2,
            HugeStartOp => f.start_op = u64::from(u32::MAX),
            ForeignColumn => f = f.column(0xb2, &repeat(n, 1)),
            CompressedColumn => f = f.column(VALUE | 8, b"\x03\x00"),
            RunLengthBomb => f = f.column(parts::ACTION, &repeat(1 << 40, PUT)),
            PredBomb => f = f.column(PRED_COUNT, &repeat(n, 1 << 40)),
            TooManyOps => {
                for i in 0..513 {
                    f = f.put(&format!("b/{i:08x}"), 7, &[]);
                }
            }
            TooManyDeps => f.deps = (0..9).map(|n| [n; 32]).collect(),
            CompressedChunk => f.chunk_type = 2,
            DocumentChunk => f.chunk_type = 0,
            BundleChunk => f.chunk_type = 3,
            TrailingBytes => f.trailing.push(0),
            Footer => f.footer = vec![1, 1, b'x'],
            Message => f.message = b"hello".to_vec(),
            ShortActor => f.actor = vec![1; 15],
            IdleActor => f.others.push(vec![9; 16]),
            NotCanonical => {
                let mut split = repeat(1, PUT);
                split.extend(repeat(n - 1, PUT));
                f = f.column(parts::ACTION, &split);
            }
            OverlongNumber => f = f.put("v", 3, &[0x81, 0x00]),
            BrokenText => f = f.put("desc", 6, &[0xff, 0xfe]),
            Empty => f.ops.clear(),
            WrongChecksum => {
                let mut raw = f.bytes();
                *raw.get_mut(4)? ^= 1;
                return Some(raw);
            }
        }
        Some(f.bytes())
    }
}

/// A run of one value.
fn repeat(n: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    parts::int(&mut out, n.cast_signed());
    parts::uint(&mut out, value);
    out
}

/// Two counts of a boolean column.
fn two(a: u64, b: u64) -> Vec<u8> {
    let mut out = Vec::new();
    parts::uint(&mut out, a);
    parts::uint(&mut out, b);
    out
}
