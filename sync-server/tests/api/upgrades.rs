//! A PostgreSQL database of every earlier version, with what a town had in it, is brought up to date with all of that.
//! (SQLite's are upgraded in the simulation and in the story `releases`.)

use std::collections::BTreeMap;

use mbs_engines::postgres::Cluster;
use mbs_server::database::postgres::Postgres;
use mbs_server::database::postgres::migrate::{MIGRATIONS, translate};
use mbs_server::database::{Database, Go, Session, Value};
use mbs_server::engines::{Photos, Place};
use mbs_shared::routing::{Action, Who};

use crate::common::*;
use mbs_server::routing::decide::Command;

/// Statements live as long as the program; these are made here.
fn kept(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

/// Columns of each table, each with its type, of the database as it is.
fn tables(db: &Postgres) -> BTreeMap<String, Vec<(String, String)>> {
    let mut out: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for column in db.columns().unwrap() {
        let (name, kind) = column.split_once(' ').unwrap();
        let (table, name) = name.split_once('.').unwrap();
        out.entry(table.to_owned()).or_default().push((name.to_owned(), kind.to_owned()));
    }
    out
}

/// Makes the database what the first `version` migrations made of it, with nothing in it.
fn set_back(db: &Postgres, version: usize) {
    let all = MIGRATIONS[..version].iter().map(|sql| translate(sql)).collect::<String>();
    let every = ["drop schema public cascade", "create schema public"].into_iter();
    (db as &dyn Database)
        .change(|tx| {
            for sql in every.chain(all.split(";\n")).filter(|sql| !sql.trim().is_empty()) {
                tx.execute(kept(sql.to_owned()), &[])?;
            }
            Ok(())
        })
        .unwrap();
}

/// One column of a row.
enum Cell {
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// Copies everything for which the older database has a place.
fn copy(from: &dyn Database, to: &Postgres, version: usize) {
    for (table, columns) in tables(to) {
        let names = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let rows: Vec<Vec<Cell>> = from
            .ask(|s| {
                let mut rows = Vec::new();
                s.query(kept(format!("select {names} from {table}")), &[], &mut |row| {
                    let cell = |(at, (_, kind)): (usize, &(String, String))| {
                        Ok(match kind.as_str() {
                            "bigint" => Cell::Int(row.int(at)?),
                            "bytea" => Cell::Blob(row.blob(at)?.to_vec()),
                            _ => Cell::Text(row.text(at)?.to_owned()),
                        })
                    };
                    rows.push(columns.iter().enumerate().map(cell).collect::<mbs_server::database::DbResult<_>>()?);
                    Ok(Go::On)
                })?;
                Ok(rows)
            })
            .unwrap();
        let places = (1..=columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let insert = kept(format!("insert into {table} ({names}) values ({places})"));
        (to as &dyn Database)
            .change(|tx| {
                // Tables come in no order: what refers to another one is not looked at meanwhile.
                tx.execute("set local session_replication_role = replica", &[])?;
                tx.execute(kept(format!("delete from {table}")), &[])?;
                for row in &rows {
                    let values: Vec<Value<'_>> = row
                        .iter()
                        .map(|cell| match cell {
                            Cell::Int(n) => Value::Int(*n),
                            Cell::Text(text) => Value::Text(text),
                            Cell::Blob(bytes) => Value::Blob(bytes),
                        })
                        .collect();
                    tx.execute(insert, &values)?;
                }
                // Rows that come later are numbered behind these.
                if columns.iter().any(|(name, kind)| name == "id" && kind == "bigint") {
                    let next = format!(
                        "select count(setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))) \
                         where pg_get_serial_sequence('{table}', 'id') is not null"
                    );
                    let session: &mut dyn Session = tx;
                    session.first(kept(next), &[], |_| Ok(()))?;
                }
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{version} {table}: {e}"));
    }
    // What only later versions keep there.
    (to as &dyn Database)
        .change(|tx| {
            tx.execute("delete from meta where name in ('index', 'calendar', 'announced')", &[])?;
            tx.execute("update meta set value = $1 where name = 'schema'", &[i64::try_from(version).unwrap().into()])
        })
        .unwrap();
}

#[tokio::test]
async fn a_postgresql_database_of_every_earlier_version_is_brought_up_to_date_with_all_it_holds() {
    let photos = || Photos::DataFolder;
    let place = || Place::Postgres(Cluster::shared().database());
    let town = Town::at(tempfile::tempdir().unwrap(), (place(), photos()));
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (done, open) = (tablet.filed("yol.cukur").await, tablet.filed("yol.cukur").await);
    for (who, action) in [(Who::Unit, Action::Accept), (Who::Unit, Action::Ask)] {
        let command = Command::new(who, action).saying("Hangi numaranın önü?");
        let act = mbs_server::routing::apply::Act { request: done, author: 0, seen: None, command };
        town.service.act(act).await.unwrap();
    }
    let latest = tables(
        &Postgres::open(match &place() {
            Place::Postgres(url) => url,
            Place::DataFolder => unreachable!(),
        })
        .unwrap(),
    );

    for version in 1..MIGRATIONS.len() {
        let url = Cluster::shared().database();
        let old = Postgres::open(&url).unwrap();
        set_back(&old, version);
        copy(&*town.service.db, &old, version);
        // The seventeenth only made an index narrower.
        assert!(version == 16 || tables(&old) != latest, "{version} is an earlier one");
        drop(old);

        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(town.dir.path().join("keys.json"), dir.path().join("keys.json")).unwrap();
        let now = Town::at(dir, (Place::Postgres(url.clone()), photos()));
        mbs_server::operate::prepare(&now.service).unwrap();
        assert_eq!(tables(&Postgres::open(&url).unwrap()), latest, "{version}");
        for request in [done, open] {
            assert_eq!(now.events(request), town.events(request), "{version}");
            assert_eq!(now.case(request), town.case(request), "{version}");
            let (had, has) = (town.head(request), now.head(request));
            assert_eq!((has.no, has.state, has.due, has.title), (had.no, had.state, had.due, had.title), "{version}");
        }
        // And the tablet goes on with it.
        let mut same = tablet.again(&now);
        let next = same.filed("yol.cukur").await;
        assert_eq!(now.head(next).no.n, 3, "{version}");
    }
}
