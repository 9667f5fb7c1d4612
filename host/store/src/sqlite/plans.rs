//! Every query that runs often finds its rows by an index, and in the order of one.

use super::lock::DataFolder;
use super::{
    claim, connect, events, hold, journal, ledger, migrate, moves, queries, settle, spend, webhooks,
};
use anvil_types::Timestamp;

#[test]
fn no_query_scans_or_sorts() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = DataFolder::lock(dir.path()).expect("it is free");
    let mut conn = connect::writing(&folder.database()).expect("it opens");
    migrate::migrate(&mut conn, &folder, Timestamp::default()).expect("the schema");
    for (sql, index) in [
        (claim::HEADS_OF_LINE, "jobs_waiting"),
        (moves::DUE, "jobs_due"),
        (moves::EXPIRED, "jobs_leased"),
        (moves::PARKED, "jobs_parked"),
        (moves::PARKED_OF_AGENT, "jobs_parked"),
        (queries::ALL, "PRIMARY KEY"),
        (queries::BY_STATE, "jobs_by_state"),
        (queries::BY_AGENT, "jobs_by_agent"),
        (queries::BY_TAG, "PRIMARY KEY"),
        (queries::OLDEST, "jobs_oldest"),
        (queries::NEXT_DUE, "jobs_due"),
        (hold::GRANTED_BEFORE, "PRIMARY KEY"),
        (hold::JUDGE_JOB, "id=?"),
        (spend::MINUTES, "PRIMARY KEY"),
        (spend::CALENDAR, "PRIMARY KEY"),
        (settle::FIND, "PRIMARY KEY"),
        (settle::END, "PRIMARY KEY"),
        (settle::COUNT_ON_JOB, "id=?"),
        (journal::UNDER_LEASE, "id=?"),
        (ledger::OF_JOB, "calls_by_job"),
        (ledger::PAGE, "PRIMARY KEY"),
        (events::AFTER, "PRIMARY KEY"),
        (events::OF_JOB, "events_by_job"),
        (webhooks::DUE, "deliveries_due"),
    ] {
        let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
        let mut rows = explain.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().expect("a plan") {
            plan += &row.get::<_, String>("detail").expect("a line of it");
            plan += "; ";
        }
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        assert!(plan.contains(index), "{sql}\n{plan}");
    }
}
