//! A document's history without the document: who built on what, and which versions stand.

use crate::id::ChangeHash;
use crate::request::SCHEMA;
use crate::wire::error::Code;

use super::super::schema::Value;
use super::Unfit;
use super::chunk::{Change, DELETE, OpId, PUT};

/// A key and the versions that stand under it.
type Standing<'a> = (&'a str, Vec<OpId>);

/// Whether `change` follows from `known` (in the order they were accepted), and from its dependencies exactly as
/// Automerge would have made it there. `unsuited`: what our schema has against it, which a newer document overrules.
pub(super) fn fits(known: &[Change<'_>], change: &Change<'_>, unsuited: Option<Code>) -> Result<(), Unfit> {
    let mine = || known.iter().enumerate().filter(|(_, k)| k.actor == change.actor);
    if mine().any(|(_, k)| k.seq == change.seq) {
        return Err(Unfit::Fork);
    }
    let seen = ancestry(known, &change.deps)?;
    let reject = |code| Err(Unfit::Rejected(code));
    // A document has one beginning, and an actor's changes are one chain without gaps.
    if change.deps.is_empty() && !known.is_empty() {
        return reject(Code::BadHistory);
    }
    let last = mine().max_by_key(|(_, k)| k.seq);
    let follows = match last {
        None => change.seq == 1,
        Some((i, k)) => change.seq == k.seq + 1 && seen.get(i) == Some(&true),
    };
    if !follows {
        return reject(Code::BadHistory);
    }
    let ancestors = || known.iter().zip(&seen).filter(|(_, seen)| **seen).map(|(k, _)| k);
    let top = ancestors().map(Change::max_op).max().unwrap_or(0);
    if change.start_op != top + 1 {
        return reject(Code::BadHistory);
    }

    let version = |c: &Change<'_>| {
        c.ops.iter().filter(|op| op.key == "v" && op.action == PUT).find_map(|op| match op.value {
            Value::Uint(v) => Some(v),
            _ => None,
        })
    };
    let highest = known.iter().filter_map(version).max().unwrap_or(0);
    if highest.max(version(change).unwrap_or(0)) <= u64::from(SCHEMA) {
        if let Some(code) = unsuited {
            return reject(code);
        }
        // A schema is only ever raised.
        let so_far = ancestors().filter_map(version).max().unwrap_or(0);
        if version(change).is_some_and(|v| v <= so_far) {
            return reject(Code::BadHistory);
        }
    }

    let standing = standing(ancestors(), change);
    for op in &change.ops {
        let versions = standing.binary_search_by(|(key, _)| (*key).cmp(op.key));
        let versions = versions.ok().and_then(|i| standing.get(i)).map_or(&[][..], |(_, ids)| ids);
        let preds = change.preds_of(op);
        if op.action == DELETE {
            // Keeping a version: all others go, and nothing else.
            let losers = versions.split_last().map_or(&[][..], |(_, losers)| losers);
            if preds != losers {
                return reject(Code::BadOperation);
            }
        } else if preds != versions {
            return reject(Code::BadHistory);
        }
    }
    Ok(())
}

/// Which of `known` the change builds on, directly or not.
fn ancestry(known: &[Change<'_>], deps: &[ChangeHash]) -> Result<Vec<bool>, Unfit> {
    let mut seen = vec![false; known.len()];
    for dep in deps {
        let i = known.iter().position(|k| k.hash == *dep).ok_or(Unfit::MissingDeps)?;
        if let Some(s) = seen.get_mut(i) {
            *s = true;
        }
    }
    // Every change was accepted after those it builds on, so one walk backwards reaches them all.
    let mut wanted: Vec<ChangeHash> = Vec::new();
    for (k, s) in known.iter().zip(seen.iter_mut()).rev() {
        *s |= wanted.contains(&k.hash);
        if *s {
            wanted.retain(|w| *w != k.hash);
            wanted.extend(k.deps.iter().filter(|dep| !wanted.contains(dep)).copied().collect::<Vec<_>>());
        }
    }
    Ok(seen)
}

/// The versions that stand after `ancestors` under the keys `change` touches; keys and versions in order.
fn standing<'a, 'b: 'a>(ancestors: impl Iterator<Item = &'a Change<'b>>, change: &Change<'b>) -> Vec<Standing<'b>> {
    let mut standing: Vec<Standing<'b>> = change.ops.iter().map(|op| (op.key, Vec::new())).collect();
    standing.sort_unstable_by_key(|(key, _)| *key);
    for c in ancestors {
        for (n, op) in c.ops.iter().enumerate() {
            let Ok(i) = standing.binary_search_by(|(key, _)| (*key).cmp(op.key)) else { continue };
            let Some((_, ids)) = standing.get_mut(i) else { continue };
            let preds = c.preds_of(op);
            ids.retain(|id| !preds.contains(id));
            if op.action == PUT {
                ids.push(c.id(n));
            }
        }
    }
    for (_, ids) in &mut standing {
        ids.sort_unstable();
    }
    standing
}
