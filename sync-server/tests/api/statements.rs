//! Every statement is prepared, and keeps the rules that let both engines run it.

use mbs_server::database::all_statements;
use mbs_server::database::sqlite::{Options, Sqlite};

#[test]
fn each_statement_prepares_and_numbers_its_values_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let db = Sqlite::open(&Options::new(&dir.path().join("mbs.db"))).unwrap();
    let mut count = 0;
    for (name, sql) in all_statements() {
        count += 1;
        db.with_connection(|c| c.prepare(sql).map(drop)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut highest = 0;
        for part in sql.split('$').skip(1) {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            let n: u32 = digits.parse().unwrap_or_else(|_| panic!("{name}: a $ without a number"));
            assert!(n <= highest + 1, "{name}: ${n} before ${}", highest + 1);
            highest = highest.max(n);
        }
        assert!(!sql.contains('?'), "{name}: only $1, $2 …");
    }
    assert!(count > 50, "{count}");
}

#[test]
fn lists_search_an_index_and_never_the_whole_table() {
    let dir = tempfile::tempdir().unwrap();
    let db = Sqlite::open(&Options::new(&dir.path().join("mbs.db"))).unwrap();
    let small = [
        "meta",
        "scope",
        "device",
        "staff",
        "unit_setting",
        "enrol_code",
        "api_key",
        "quarantine",
        "blob_chunk",
        "mandate",
        "staff_session",
    ];
    let mut scans = Vec::new();
    for (name, sql) in all_statements() {
        let plan: Vec<String> = db
            .with_connection(|c| {
                let mut statement = c.prepare(&format!("explain query plan {sql}"))?;
                let mut rows = statement.raw_query();
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    out.push(row.get::<_, String>(3)?);
                }
                Ok(out)
            })
            .unwrap();
        for step in plan {
            // A scan along an index or the row number with a limit is a page, not a search.
            let table = step.strip_prefix("SCAN ").and_then(|s| s.split(' ').next()).unwrap_or_default();
            let whole = !table.is_empty() && !step.contains("USING") && !sql.contains("limit");
            if whole && !small.contains(&table) && !["d", "s", "q", "constant", "count(*)"].contains(&table) {
                scans.push(format!("{name}: {step}"));
            }
        }
    }
    // `doctor` and `verify` look at every photo and place; counting all requests is what it says.
    let meant = ["ALL:", "COUNT:", "LAST:", "ALL_WITH_THUMBS:", "PLACES:"];
    scans.retain(|s| !meant.iter().any(|m| s.starts_with(m)));
    assert!(scans.is_empty(), "{scans:#?}");
}
