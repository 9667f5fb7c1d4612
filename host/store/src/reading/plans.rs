//! Every query that runs often finds its rows by an index, and in the order of one.

use crate::engine::Db;
use crate::reading::{compressed, days, jobs, ledger, misses, tiers, tree as shown_tree, usage};
use crate::rules::alerts::webhooks;
use crate::rules::batches::{end as batches_end, find as batches_find, gather, make as batches_make};
use crate::rules::duties;
use crate::rules::jobs::turns;
use crate::rules::jobs::{
    bulk, claim, enqueue, inputs, journal, parents, pause, pins, relatives, transition, trouble,
};
use crate::rules::money::{correct, held, hold, hold_row, settle, spend, tree};
use crate::rules::questions::{bell, closing, ending, find, links, list, set_back};
use crate::rules::replies::{failed, find as replies_find, hit, room};
use crate::rules::retention::prune;
use crate::rules::team::{follow, hand_over, making, retry, waits};
use crate::rules::{agent_use, events, hosts, predictions, schedules, state, versions};
use crate::sqlite::lock::DataFolder;
use crate::sqlite::{connect, migrate};
use crate::{LedgerFilter, search};
use anvil_types::{CallId, CallState, JobId, Nanodollars, Timestamp, UpstreamKind};

#[test]
#[expect(clippy::too_many_lines, reason = "a table of queries and what each goes by")]
fn no_query_scans_or_sorts() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = DataFolder::lock(dir.path()).expect("it is free");
    let db = connect::writing(&folder.database()).expect("it opens");
    migrate::migrate(&db, &folder, Timestamp::default()).expect("the schema");
    for (sql, index) in [
        (claim::HEADS_OF_LINE, "jobs_waiting"),
        (claim::SUSPECTS, "jobs_suspect"),
        (turns::OVERTAKES, "PRIMARY KEY"),
        (duties::OURS, "PRIMARY KEY"),
        (predictions::DAY, "PRIMARY KEY"),
        (days::PREDICTIONS, "PRIMARY KEY"),
        (days::LATER, "PRIMARY KEY"),
        (days::DAYS, "PRIMARY KEY"),
        (days::CAME, "id>?"),
        (days::ENDED, "jobs_finished"),
        (days::GONE, "calls_by_time"),
        (days::PARKED, "jobs_parked"),
        (turns::NEWS, "PRIMARY KEY"),
        (trouble::TROUBLED, "jobs_troubled"),
        (enqueue::OF_AGENT, "jobs_by_agent"),
        (enqueue::OF_SCHEDULE, "jobs_open_of_schedule"),
        (schedules::UNFINISHED, "jobs_open_of_schedule"),
        (inputs::FIND, "digest=?"),
        (inputs::OF_JOB, "PRIMARY KEY"),
        (inputs::ONE, "PRIMARY KEY"),
        (inputs::PIECES, "file=?"),
        (journal::BATCH_OF, "PRIMARY KEY"),
        (pins::BODY, "PRIMARY KEY"),
        (state::ANSWERED, "sqlite_autoindex_journal_1"),
        (state::USE, "PRIMARY KEY"),
        (agent_use::OF_ATTEMPT, "PRIMARY KEY"),
        (agent_use::OF_AGENT, "PRIMARY KEY"),
        (versions::TRAPS, "agent_traps_of_version"),
        (versions::OLD, "agent_traps_by_time"),
        (versions::IS_ASIDE, "PRIMARY KEY"),
        (state::STANDS, "PRIMARY KEY"),
        (state::PAGE, "PRIMARY KEY"),
        (state::VALUE, "PRIMARY KEY"),
        (parents::LATER, "job_parents_by_parent"),
        (parents::RISE_LATER, "job_parents_by_parent"),
        (relatives::LENGTH, "id=?"),
        (transition::DUE, "jobs_due"),
        (transition::EXPIRED, "jobs_leased"),
        (transition::PARKED, "jobs_parked"),
        (transition::PARKED_OF_AGENT, "jobs_parked"),
        (jobs::ALL, "PRIMARY KEY"),
        (jobs::BY_STATE, "jobs_by_state"),
        (jobs::BY_AGENT, "jobs_by_agent"),
        (jobs::BY_TAG, "PRIMARY KEY"),
        (jobs::OLDEST, "jobs_oldest"),
        (jobs::NEXT_DUE, "jobs_due"),
        (bulk::RUNNING, "job_actions_running"),
        (bulk::HISTORY, "PRIMARY KEY"),
        (bulk::COUNT_AGENT, "COVERING INDEX jobs_by_agent"),
        (prune::OLDEST, "jobs_finished"),
        (prune::ALERTS, "alerts_resolved"),
        (jobs::PLACE, "id=?"),
        (jobs::PLACE_OF_GONE, "id<?"),
        (jobs::AT, "PRIMARY KEY"),
        (search::CHANGES, "PRIMARY KEY"),
        (search::WALK, "PRIMARY KEY"),
        (search::WORDS, "PRIMARY KEY"),
        (search::ANY, "PRIMARY KEY"),
        (hold::GRANTED_BEFORE, "PRIMARY KEY"),
        (hold::JUDGE_JOB, "id=?"),
        (held::OPEN, "calls_open"),
        (hosts::LEFT, "calls_open"),
        (spend::MINUTES, "PRIMARY KEY"),
        (spend::CALENDAR, "PRIMARY KEY"),
        (hold_row::FIND, "PRIMARY KEY"),
        (settle::END, "PRIMARY KEY"),
        (settle::COUNT_ON_JOB, "id=?"),
        (journal::UNDER_LEASE, "id=?"),
        (journal::ENTRIES, "sqlite_autoindex_journal_1"),
        (ledger::OF_JOB, "calls_by_job"),
        (usage::HOURS, "PRIMARY KEY"),
        (usage::ENTRIES, "calls_by_time"),
        (held::IN_BATCHES, "calls_open"),
        (gather::OF_JOB, "batch_calls_of_job"),
        (batches_find::SAME, "batch_calls_of_job"),
        (batches_find::BACK, "calls_by_job"),
        (batches_find::ANY, "batch_calls_of_job"),
        (batches_find::GATHERED, "batch_calls_waiting"),
        (batches_find::WAITING, "batch_calls_waiting"),
        (batches_find::WAITING_CALLS, "batch_calls_waiting"),
        (batches_find::OPEN, "batches_open"),
        (batches_find::SIZES, "batch_calls_of_batch"),
        (batches_find::BODIES, "batch_calls_of_batch"),
        (batches_find::LEFT, "batch_calls_of_batch"),
        (batches_find::CALL, "batch_calls_by_call"),
        (batches_find::BODY, "batch_calls_by_call"),
        (batches_end::KEPT, "batch_calls_by_call"),
        (batches_make::OF_ENDED, "batch_calls_waiting"),
        (replies_find::ONE, "key=?"),
        (replies_find::USE, "PRIMARY KEY"),
        (hit::USED, "key=?"),
        (failed::PAID, "calls_by_job"),
        (failed::OF_CALL, "replies_by_age"),
        (room::OLDEST, "replies_by_age"),
        (room::LEAST_USED, "replies_by_use"),
        (room::OF_AGENT, "replies_by_agent"),
        (tiers::ENDED, "jobs_finished"),
        (tiers::ANSWERED, "calls_by_job"),
        (misses::HOURS, "PRIMARY KEY"),
        (misses::ENTRIES, "calls_by_time"),
        (compressed::HOURS, "PRIMARY KEY"),
        (compressed::ENTRIES, "calls_by_time"),
        (compressed::FORMS, "calls_by_job"),
        (ledger::ONE, "PRIMARY KEY"),
        (ledger::ONE, "corrections_by_call"),
        (correct::ADDED, "corrections_by_call"),
        (events::AFTER, "PRIMARY KEY"),
        (events::OF_JOB, "events_by_job"),
        (webhooks::DUE, "deliveries_due"),
        (pause::ENGAGED, "PRIMARY KEY"),
        (spend::FLYING, "calls_open"),
        (schedules::ONE, "jobs_by_schedule"),
        (schedules::DUE, "schedules_due"),
        (schedules::NEXT, "schedules_due"),
        (schedules::JOBS, "jobs_by_schedule"),
        (parents::COUNT_DOWN, "job_parents_by_parent"),
        (relatives::UNMET, "PRIMARY KEY"),
        (relatives::CHILDREN, "job_parents_by_parent"),
        (relatives::RESULT, "id=?"),
        (find::BY_ID, "id=?"),
        (find::BY_KEY, "request_hash=?"),
        (find::OPEN_OF_SUBJECT, "questions_open_of_subject"),
        (find::OPEN_OF_ASKER, "questions_open_of_asker"),
        (set_back::AHEAD, "questions_open"),
        (closing::DUE, "questions_due"),
        (ending::OPEN_OF_JOB, "questions_open_of_subject"),
        (bell::RING, "PRIMARY KEY"),
        (bell::RINGS_FOR, "questions_of_alert"),
        (links::FIND, "PRIMARY KEY"),
        (links::FORGET, "question_links_by_question"),
        (list::OPEN, "questions_open"),
        (list::ALL, "questions_by_id"),
        (list::ASKED, "questions_by_job"),
        (list::OF_ALERT, "questions_of_alert"),
        (list::COUNT, "questions_open"),
        (tree::LED, "jobs_by_lead"),
        (follow::UNFINISHED, "jobs_by_lead"),
        (follow::WAITED_FOR, "tasks_by_job"),
        (follow::WAITS, "PRIMARY KEY"),
        (hand_over::KNOWN, "PRIMARY KEY"),
        (hand_over::BEGUN, "PRIMARY KEY"),
        (hand_over::TOLD, "sqlite_autoindex_journal_1"),
        (making::IN_TREE, "jobs_by_root"),
        (retry::FAILED, "sqlite_autoindex_journal_1"),
        (retry::AGAIN, "PRIMARY KEY"),
        (waits::LEFT, "PRIMARY KEY"),
        (shown_tree::ROOT, "id=?"),
        (shown_tree::TREE, "jobs_by_root"),
    ] {
        let plan = plan(&db, sql);
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        assert!(plan.contains(index), "{sql}\n{plan}");
    }
}

fn plan(db: &Db, sql: &str) -> String {
    let mut explain = db.raw().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
    let mut rows = explain.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().expect("a plan") {
        plan += &row.get::<_, String>("detail").expect("a line of it");
        plan += "; ";
    }
    plan
}

/// With every set of filters, on the first page and on a later one.
#[test]
fn every_page_of_the_ledger_is_read_in_the_order_of_an_index() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = DataFolder::lock(dir.path()).expect("it is free");
    let db = connect::writing(&folder.database()).expect("it opens");
    migrate::migrate(&db, &folder, Timestamp::default()).expect("the schema");
    let now = Timestamp::from_secs(1_000);
    let states = [CallState::Held, CallState::Settled, CallState::Unknown, CallState::Released];
    let states = [None].into_iter().chain(states.map(Some));
    for (set, state) in states.flat_map(|state| (0..256).map(move |set| (set, state))) {
        let has = |bit: u32| set >> bit & 1 == 1;
        let filter = LedgerFilter {
            job: has(0).then(|| JobId::new(now, 1)),
            agent: has(1).then(|| "a".to_owned()),
            api_key: has(2).then(|| "k".to_owned()),
            model: has(3).then(|| "m".to_owned()),
            state,
            from: has(4).then_some(now),
            to: has(5).then_some(now),
            min_cost: has(6).then(|| Nanodollars::new(1_000)),
        };
        let place = has(7).then(|| (now, CallId::new(now, 1)));
        for (sql, _) in ledger::queries(UpstreamKind::Live, &filter, place, 10) {
            let plan = plan(&db, &sql);
            assert!(plan.contains("USING INDEX"), "{sql}\n{plan}");
            // The calls of one job, and those under way, are few: they may be sorted.
            let few = filter.job.is_some() || state == Some(CallState::Held);
            assert!(few || !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
    }
}
