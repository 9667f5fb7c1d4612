//! Taking a hold: rule 2 of the design, in one transaction with the brake and the lease's fence.

use crate::engine::{Id, number, params, texts};
use crate::rules::batches::gather;
use crate::rules::money::asked::AskerColumns;
use crate::rules::money::{evaluate, spend, tree, week};
use crate::rules::tx::Tx;
use crate::{HoldDecision, HoldRequest, StoreError};
use anvil_budget::{Amounts, Denial, LimitName, Moved, job_standing};
use anvil_types::{EventKind, JobState, Lease, Nanodollars, Timestamp, UpstreamKind};

/// A granted hold, in its job.
pub(crate) const COUNT_ON_JOB: &str = "UPDATE jobs SET held = held + ?2, calls = calls + 1 WHERE seq = ?1";

/// A new entry of the ledger.
pub(crate) const INSERT: &str =
    "INSERT INTO calls (upstream, id, state, held_at, job, agent, attempt, position, api_key, session,
    tags, tier_asked, tier_given, model, price_row, hold, lease, host, boot,
    tier_reason, early)
    VALUES (?1, ?2, 'held', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";

/// What a job is judged by.
pub(crate) const JUDGE_JOB: &str =
    "SELECT seq, state, lease, upstream, cost, unknown, held, max_cost, leads FROM jobs WHERE id = ?1";

/// The hold of an id.
pub(crate) const GRANTED_BEFORE: &str = "SELECT held_at FROM calls WHERE upstream = ?1 AND id = ?2";

/// Sets money aside, or says why not.
pub(crate) fn hold(tx: &mut Tx<'_>, request: &HoldRequest) -> Result<HoldDecision, StoreError> {
    if request.amount < Nanodollars::ZERO {
        return Err(StoreError::Backend("a hold of less than nothing".into()));
    }
    if let Some(at) = granted_before(tx, request)? {
        return Ok(HoldDecision::Granted { at });
    }
    let asker = AskerColumns::of(&request.asker);
    let job_id = request.asker.job();
    let job = request.asker.as_job().map(|job| judge_job(tx, request.upstream, job.lease)).transpose()?;
    if let Some(job) = &job
        && !job.may_write
    {
        return Ok(HoldDecision::LeaseLost);
    }
    let scopes = asker.scopes();
    evaluate::evaluate(tx, request.upstream, &scopes)?;
    let mut causes = tx.policy.causes(request.upstream);
    causes.retain(|cause| !(request.tries_account && cause.kind.is_of_account()));
    let limited = tx.policy.account.limited(&scopes);
    spend::open_pages(tx, request.upstream, &limited)?;
    let job_standing = job.as_ref().map(|job| job_standing(job.limit, job.amounts));
    let account = &mut tx.policy.account;
    if let Err(denial) =
        account.judge(causes, request.upstream, &limited, job_standing, request.amount, tx.now)
    {
        let room = room(tx, request, job.as_ref(), &denial);
        let denial = gather::not_for_batches(tx, denial, request.upstream, job_id, room)?;
        return Ok(HoldDecision::Refused(denial));
    }
    insert(tx, request, &asker)?;
    let batched = request.asker.as_job().zip(request.batch.as_ref());
    if let Some((job, call)) = batched {
        gather::keep(tx, request, job.lease.job, job.position, call)?;
    }
    let amount = request.amount.get();
    spend::add(tx, request.upstream, &scopes, tx.now, Moved::hold(request.amount))?;
    // A call that costs nothing is under way as any other.
    if batched.is_none() && spend::flying(tx, request.upstream, 1)? == 1 {
        week::flight_begins(tx, request.upstream)?;
    }
    if let Some(job) = job {
        tx.run(COUNT_ON_JOB, params![job.seq, amount])?;
    }
    tx.tell(job_id, EventKind::Held { call: request.id, hold: request.amount });
    Ok(HoldDecision::Granted { at: tx.now })
}

fn granted_before(tx: &Tx<'_>, request: &HoldRequest) -> Result<Option<Timestamp>, StoreError> {
    tx.first(GRANTED_BEFORE, params![request.upstream.name(), request.id.bytes()], |row| {
        row.get(0).map(Timestamp::from_micros)
    })
}

/// What the limit that has no room would have beside this call, were nothing held.
fn room(tx: &Tx<'_>, request: &HoldRequest, job: Option<&JudgedJob>, denial: &Denial) -> Nanodollars {
    let (limit, amounts) = match denial {
        Denial::WaitForHolds { limit: LimitName::Window { scope, window } } => {
            let account = &tx.policy.account;
            let limit = account.limits.get(scope).and_then(|limits| limits.get(*window));
            (limit.unwrap_or_default(), account.amounts(request.upstream, scope, *window))
        }
        _ => job.map(|job| (job.limit, job.amounts)).unwrap_or_default(),
    };
    limit.less(amounts.spent()).less(request.amount)
}

struct JudgedJob {
    seq: i64,
    amounts: Amounts,
    limit: Nanodollars,
    may_write: bool,
}

fn judge_job(tx: &Tx<'_>, upstream: UpstreamKind, under: Lease) -> Result<JudgedJob, StoreError> {
    let id = under.job;
    let found = tx.first(JUDGE_JOB, [id.bytes()], |row| {
        let state: JobState = row.word(1)?;
        let lease: i64 = row.get(2)?;
        let job = JudgedJob {
            seq: row.get(0)?,
            amounts: Amounts {
                settled: Nanodollars::new(row.get(4)?).less(Nanodollars::new(row.get(5)?)),
                unknown: Nanodollars::new(row.get(5)?),
                held: Nanodollars::new(row.get(6)?),
            },
            limit: Nanodollars::new(row.get(7)?),
            may_write: state == JobState::Running && lease == number(under.number),
        };
        Ok((job, row.word::<UpstreamKind>(3)?, row.get::<u32>(8)?))
    })?;
    let (mut job, belongs, leads) = found.ok_or(StoreError::NoSuchJob(id))?;
    if belongs != upstream {
        return Err(StoreError::WrongUpstream { job: id, belongs, asked: upstream });
    }
    if leads > 0 {
        // What those that it leads may still spend is spoken for as what is spent: no hold of its own that ends gives
        // it back.
        job.amounts.settled += tree::below(tx.db, job.seq)?;
    }
    Ok(job)
}

fn insert(tx: &Tx<'_>, request: &HoldRequest, asker: &AskerColumns<'_>) -> Result<(), StoreError> {
    let tags = (!request.tags.is_empty()).then(|| texts(&request.tags));
    tx.run(
        INSERT,
        params![
            request.upstream.name(),
            request.id.bytes(),
            tx.now.micros(),
            asker.job,
            asker.agent,
            asker.attempt,
            asker.position,
            asker.api_key,
            asker.session,
            tags,
            request.tier_asked.name(),
            request.tier_given.name(),
            request.model,
            request.price_row,
            request.amount.get(),
            asker.lease,
            tx.policy.host.bytes(),
            tx.policy.boot.bytes(),
            request.tier_reason,
            request.early,
        ],
    )
    .map(drop)
}
