//! Who may call what: one matrix of routes, roles and scopes, as data. Every call of the desk is held against it before its
//! handler runs ([`Seat`](crate::handlers::desk::Seat)); a route that is not in it is nobody's.

use crate::database::staff::Person;
use crate::handlers::desk::view::Role;

/// What a role may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See lists, requests, photos, the directory.
    Read,
    /// Write to a request: act, say, add a photo. Which action is the transition table's matter.
    Work,
    /// See who of one's unit has what in hand.
    People,
    /// Upload photos, for what one writes.
    Upload,
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
    /// See how the server is: its jobs, its room.
    Health,
    /// Change accounts and keys, and revoke tablets.
    Manage,
    /// Say whether a unit's answers go to an approver first.
    Switch,
    /// See how categories are routed.
    Rules,
    /// Change it.
    Rule,
}

/// Who answers to a route's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nobody in particular: files, signing in, what is published.
    Nothing,
    /// Somebody who is signed in at the desk, whoever it is.
    Session,
    /// Somebody at the desk whose role has that right.
    Role(Right),
    /// A tablet's token.
    Tablet,
    /// A program's key.
    Key,
}

/// What of the city a route touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing of anybody else's.
    Nobody,
    /// As much of it as the caller sees.
    Seen,
    /// One thing, which the address names: for who does not see it, it is not there.
    One,
    /// One muhtarlık, district or unit, which the call names: refused outside the caller's own.
    Named,
    /// All of it: refused to who is limited to some districts.
    City,
}

/// A line of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Method.
    pub method: &'static str,
    /// As the router has it.
    pub route: &'static str,
    /// Who may call it.
    pub needs: Needs,
    /// About what.
    pub scope: Scope,
}

const fn get(route: &'static str, needs: Needs, scope: Scope) -> Line {
    Line { method: "GET", route, needs, scope }
}

const fn post(route: &'static str, needs: Needs, scope: Scope) -> Line {
    Line { method: "POST", route, needs, scope }
}

const fn put(route: &'static str, needs: Needs, scope: Scope) -> Line {
    Line { method: "PUT", route, needs, scope }
}

const fn role(right: Right) -> Needs {
    Needs::Role(right)
}

/// Every route of the server.
pub const ROUTES: &[Line] = &[
    // The desk: oneself.
    get("/desk/api/sign-in", Needs::Nothing, Scope::Nobody),
    post("/desk/api/sign-in", Needs::Nothing, Scope::Nobody),
    post("/desk/api/oidc", Needs::Nothing, Scope::Nobody),
    get("/desk/api/oidc", Needs::Nothing, Scope::Nobody),
    post("/desk/api/oidc/code", Needs::Nothing, Scope::Nobody),
    post("/desk/api/sign-out", Needs::Nothing, Scope::Nobody),
    get("/desk/api/me", Needs::Session, Scope::Nobody),
    get("/desk/api/second-factor", Needs::Session, Scope::Nobody),
    post("/desk/api/second-factor", Needs::Session, Scope::Nobody),
    post("/desk/api/second-factor/off", Needs::Session, Scope::Nobody),
    post("/desk/api/password", Needs::Session, Scope::Nobody),
    get("/desk/api/events", role(Right::Read), Scope::Nobody),
    // Requests.
    get("/desk/api/queue", role(Right::Read), Scope::Seen),
    get("/desk/api/people", role(Right::People), Scope::Seen),
    post("/desk/api/requests", role(Right::Intake), Scope::Named),
    post("/desk/api/requests/preview", role(Right::Work), Scope::Seen),
    get("/desk/api/requests/{id}", role(Right::Read), Scope::One),
    get("/desk/api/requests/{id}/qr.svg", role(Right::Read), Scope::One),
    get("/desk/api/requests/{id}/similar", role(Right::Read), Scope::One),
    get("/desk/api/requests/{id}/around", role(Right::Read), Scope::One),
    post("/desk/api/requests/{id}/act", role(Right::Work), Scope::One),
    post("/desk/api/requests/{id}/look", role(Right::Read), Scope::One),
    post("/desk/api/requests/{id}/say", role(Right::Work), Scope::One),
    post("/desk/api/photos", role(Right::Upload), Scope::Nobody),
    post("/desk/api/photos/facts", role(Right::Upload), Scope::Nobody),
    get("/desk/api/photos/{hash}", role(Right::Read), Scope::One),
    get("/desk/api/photos/{hash}/thumb", role(Right::Read), Scope::One),
    put("/desk/api/photos/{hash}/thumb", role(Right::Upload), Scope::One),
    get("/desk/api/templates", role(Right::Work), Scope::Seen),
    post("/desk/api/templates", role(Right::Work), Scope::Nobody),
    post("/desk/api/templates/{id}/drop", role(Right::Work), Scope::One),
    // Reports and what is taken along.
    get("/desk/api/report", role(Right::Report), Scope::Seen),
    get("/desk/api/report/refusals", role(Right::Report), Scope::Seen),
    get("/desk/api/report.xlsx", role(Right::Report), Scope::Seen),
    get("/desk/api/requests.csv", role(Right::Report), Scope::Seen),
    get("/desk/api/requests.xlsx", role(Right::Report), Scope::Seen),
    get("/desk/api/requests.geojson", role(Right::Report), Scope::Seen),
    get("/desk/api/open-data.csv", role(Right::Report), Scope::Seen),
    // Muhtars and their tablets.
    get("/desk/api/announcements", role(Right::Announcements), Scope::Seen),
    post("/desk/api/announcements", role(Right::Announce), Scope::Named),
    get("/desk/api/announcements/{id}", role(Right::Announcements), Scope::One),
    post("/desk/api/announcements/{id}/withdraw", role(Right::Announce), Scope::One),
    get("/desk/api/tablets", role(Right::Fleet), Scope::Seen),
    post("/desk/api/tablets/{prefix}/revoke", role(Right::Manage), Scope::One),
    post("/desk/api/tablets/{prefix}/replace", role(Right::Manage), Scope::One),
    post("/desk/api/enrolments", role(Right::Enrol), Scope::Named),
    get("/desk/api/quarantine", role(Right::Fleet), Scope::Seen),
    post("/desk/api/quarantine/{id}", role(Right::Decide), Scope::One),
    // What holds for all.
    get("/desk/api/directory", role(Right::Read), Scope::Nobody),
    get("/desk/api/directory/versions", role(Right::Accounts), Scope::City),
    get("/desk/api/directory.csv", role(Right::Accounts), Scope::City),
    post("/desk/api/directory", role(Right::Manage), Scope::City),
    post("/desk/api/directory/preview", role(Right::Manage), Scope::City),
    get("/desk/api/units", role(Right::Read), Scope::Seen),
    post("/desk/api/units/{code}", role(Right::Switch), Scope::Named),
    get("/desk/api/calendar", role(Right::Rules), Scope::Nobody),
    post("/desk/api/calendar", role(Right::Rule), Scope::City),
    post("/desk/api/calendar/{date}/drop", role(Right::Rule), Scope::City),
    get("/desk/api/rules", role(Right::Rules), Scope::Nobody),
    get("/desk/api/rules/{id}", role(Right::Rules), Scope::Nobody),
    post("/desk/api/rules", role(Right::Rule), Scope::City),
    post("/desk/api/rules/preview", role(Right::Rule), Scope::City),
    get("/desk/api/health", role(Right::Health), Scope::City),
    get("/desk/api/accounts", role(Right::Accounts), Scope::City),
    post("/desk/api/accounts", role(Right::Manage), Scope::City),
    post("/desk/api/accounts/{login}", role(Right::Manage), Scope::City),
    post("/desk/api/keys", role(Right::Manage), Scope::City),
    post("/desk/api/keys/revoke", role(Right::Manage), Scope::City),
    // The desk's own files.
    get("/", Needs::Nothing, Scope::Nobody),
    get("/desk", Needs::Nothing, Scope::Nobody),
    get("/desk/", Needs::Nothing, Scope::Nobody),
    get("/desk/{*path}", Needs::Nothing, Scope::Nobody),
    // Tablets.
    post("/v1/enrol", Needs::Nothing, Scope::Nobody),
    post("/v1/sync", Needs::Tablet, Scope::Seen),
    get("/v1/snapshot", Needs::Tablet, Scope::Seen),
    post("/v1/reconcile", Needs::Tablet, Scope::Seen),
    get("/v1/receipts/{request}", Needs::Tablet, Scope::One),
    get("/v1/nearby", Needs::Tablet, Scope::Seen),
    get("/v1/units", Needs::Tablet, Scope::Nobody),
    get("/v1/map", Needs::Tablet, Scope::Nobody),
    get("/v1/announcements", Needs::Tablet, Scope::Seen),
    post("/v1/announcements/seen", Needs::Tablet, Scope::Seen),
    post("/v1/courier", Needs::Tablet, Scope::Nobody),
    put("/v1/blobs/{hash}", Needs::Tablet, Scope::One),
    get("/v1/blobs/{hash}", Needs::Tablet, Scope::One),
    put("/v1/blobs/{hash}/thumb", Needs::Tablet, Scope::One),
    get("/v1/blobs/{hash}/thumb", Needs::Tablet, Scope::One),
    get("/v1/events", Needs::Tablet, Scope::Nobody),
    // Programs, and everybody.
    get("/api/v1/updates", Needs::Key, Scope::Seen),
    get("/api/v1/photos/{hash}", Needs::Key, Scope::One),
    post("/api/v1/requests/{id}/act", Needs::Key, Scope::One),
    get("/open-data", Needs::Nothing, Scope::Nobody),
    get("/open-data/{file}", Needs::Nothing, Scope::Nobody),
    get("/health", Needs::Nothing, Scope::Nobody),
];

const IN_UNIT: &[Right] = &[Right::Read, Right::Work, Right::People, Right::Upload, Right::Report];

/// What each role may.
const ROLES: &[(Role, &[Right])] = &[
    (
        Role::Triage,
        &[
            Right::Read,
            Right::Work,
            Right::Upload,
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
    (Role::Unit, IN_UNIT),
    (Role::Approver, IN_UNIT),
    (Role::Head, &[Right::Read, Right::Work, Right::People, Right::Upload, Right::Report, Right::Switch]),
    (
        Role::Auditor,
        &[Right::Read, Right::Announcements, Right::Fleet, Right::Report, Right::Accounts, Right::Health, Right::Rules],
    ),
    (
        Role::Operator,
        &[
            Right::Read,
            Right::Upload,
            Right::Announcements,
            Right::Announce,
            Right::Fleet,
            Right::Decide,
            Right::Enrol,
            Right::Report,
            Right::Accounts,
            Right::Health,
            Right::Manage,
            Right::Switch,
            Right::Rules,
            Right::Rule,
        ],
    ),
];

/// Whether that role has that right.
#[must_use]
pub fn has(role: Role, right: Right) -> bool {
    ROLES.iter().any(|(r, rights)| *r == role && rights.contains(&right))
}

/// The line of a route; `None`: there is none, and nobody may call it.
#[must_use]
pub fn line(method: &str, route: &str) -> Option<&'static Line> {
    // Whoever may read something may ask for its headers.
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|line| line.method == method && line.route == route)
}

/// Whether somebody at the desk may call a route at all; what of it he may see is asked where it is read.
#[must_use]
pub fn may(person: &Person, method: &str, route: &str) -> bool {
    line(method, route).is_some_and(|line| {
        let has = match line.needs {
            Needs::Nothing | Needs::Session => true,
            Needs::Role(right) => has(person.role, right),
            Needs::Tablet | Needs::Key => false,
        };
        has && (line.scope != Scope::City || person.districts.is_empty())
    })
}

/// Whether that role sees every request of its districts, or only those of its unit's subtree.
#[must_use]
pub const fn sees_everything(role: Role) -> bool {
    !works_in_unit(role)
}

/// Whether that role is one of a unit's people.
#[must_use]
pub const fn works_in_unit(role: Role) -> bool {
    matches!(role, Role::Unit | Role::Approver | Role::Head)
}

/// Whether somebody of that role can be limited to districts: whoever is of no unit, and could not lift the limit himself.
#[must_use]
pub const fn can_be_limited(role: Role) -> bool {
    matches!(role, Role::Triage | Role::Auditor)
}
