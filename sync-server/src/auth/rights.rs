//! Who may call what at the desk: one matrix, as data. Scope (which requests) is asked beside it.

use crate::handlers::desk::view::Role;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See lists, requests, photos, the directory.
    Read,
    /// Write to a request: act, say, add a photo. Which action is the transition table's matter.
    Work,
    /// Enter a request for a muhtarlık.
    Intake,
    /// See what was announced, and who has read it.
    Announcements,
    /// Announce something, and take it back.
    Announce,
    /// See the fleet of tablets, and what of theirs was refused.
    Fleet,
    /// Decide about what was refused.
    Decide,
    /// Enrol tablets.
    Enrol,
    /// Count and export what one may read.
    Report,
    /// See who signs in, and the keys of programs.
    Accounts,
    /// Change them, and revoke tablets.
    Manage,
    /// See how categories are routed.
    Rules,
    /// Change it.
    Rule,
}

/// The matrix.
const MATRIX: &[(Role, &[Right])] = &[
    (
        Role::Triage,
        &[
            Right::Read,
            Right::Work,
            Right::Intake,
            Right::Announcements,
            Right::Announce,
            Right::Fleet,
            Right::Decide,
            Right::Enrol,
            Right::Report,
            Right::Rules,
            Right::Rule,
        ],
    ),
    (Role::Unit, &[Right::Read, Right::Work, Right::Report]),
    (Role::Approver, &[Right::Read, Right::Work, Right::Report]),
    (Role::Auditor, &[Right::Read, Right::Announcements, Right::Fleet, Right::Report, Right::Accounts, Right::Rules]),
    (
        Role::Operator,
        &[
            Right::Read,
            Right::Announcements,
            Right::Announce,
            Right::Fleet,
            Right::Decide,
            Right::Enrol,
            Right::Report,
            Right::Accounts,
            Right::Manage,
            Right::Rules,
            Right::Rule,
        ],
    ),
];

/// Whether that role has that right.
#[must_use]
pub fn has(role: Role, right: Right) -> bool {
    MATRIX.iter().any(|(r, rights)| *r == role && rights.contains(&right))
}

/// Whether that role sees every request, or only those of its unit's subtree.
#[must_use]
pub const fn sees_everything(role: Role) -> bool {
    matches!(role, Role::Triage | Role::Auditor | Role::Operator)
}
