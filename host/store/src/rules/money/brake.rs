//! The brake: its causes, its history, and what a person ended.

use crate::engine::{Db, params};
use crate::rules::jobs::transition;
use crate::rules::money::evaluate;
use crate::rules::policy::{Policy, Raised};
use crate::rules::tx::Tx;
use crate::rules::{alerts, audit};
use crate::{BrakeEntry, BrakeHistory, BrakeState, NewAlert, StoreError};
use anvil_budget::{BrakeCause, BrakeChange, WindowSpan};
use anvil_types::words::{AlertCause, AlertKey, BrakeEngaged};
use anvil_types::{BrakeCauseKind, EventKind, Timestamp, UpstreamKind, WaitReason};

type Muted = Vec<(UpstreamKind, Timestamp)>;

/// The causes, and the days that a person has muted.
pub(crate) fn load(db: &Db) -> Result<(Vec<Raised>, Muted), StoreError> {
    let raised = db.all("SELECT kind, upstream, reason, since, until, who FROM brake", params![], |row| {
        let any = row.text("upstream")?.is_empty();
        Ok(Raised {
            upstream: if any { None } else { Some(row.word("upstream")?) },
            cause: BrakeCause {
                kind: row.word("kind")?,
                reason: row.get("reason")?,
                since: row.time("since")?,
                until: row.maybe_time("until")?,
                by: row.get("who")?,
            },
        })
    })?;
    let muted = db.all("SELECT upstream, day_start FROM brake_muted", params![], |row| {
        Ok((row.word("upstream")?, row.time("day_start")?))
    })?;
    Ok((raised, muted))
}

/// Ends causes of this host's upstream whose time is over: their window has rolled over. Answers whether there were any; then
/// the limits are to be looked at, and after that [`after_release`].
pub(crate) fn end_what_is_over(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let now = tx.now;
    let over: Vec<Raised> = tx
        .policy
        .raised
        .iter()
        .filter(|raised| stops_this_host(tx, raised) && is_over(&raised.cause, now))
        .cloned()
        .collect();
    over.iter().try_for_each(|raised| lower(tx, raised, "its time is over", None))?;
    Ok(!over.is_empty())
}

/// Whether a cause's own end has come.
pub(crate) fn is_over(cause: &BrakeCause, now: Timestamp) -> bool {
    cause.until.is_some_and(|until| until <= now)
}

/// Does what the look at an upstream's day calls for.
pub(crate) fn carry_out(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    change: BrakeChange,
) -> Result<(), StoreError> {
    match change {
        BrakeChange::Keep => Ok(()),
        BrakeChange::Engage(cause) => raise(tx, Raised { upstream: Some(upstream), cause }),
        BrakeChange::Release => {
            let ours = |raised: &&Raised| {
                raised.cause.kind == BrakeCauseKind::Day && raised.upstream.is_none_or(|one| one == upstream)
            };
            if let Some(raised) = tx.policy.raised.iter().find(ours).cloned() {
                lower(tx, &raised, "the day has room again", None)?;
            }
            after_release(tx)
        }
    }
}

/// The cause of a database that is older than what its host had written: until a person confirms.
pub(crate) fn restored(
    policy: &Policy,
    upstream: UpstreamKind,
    stored: Timestamp,
    marked: Timestamp,
    now: Timestamp,
) -> BrakeCause {
    let local = |time| policy.windows().local(time);
    BrakeCause {
        kind: BrakeCauseKind::Restored,
        reason: format!(
            "the {upstream} ledger ends at {}, but this folder's had come to {} or further: an older copy was put in its \
             place. What was spent in between is missing from every window. Look it up where Claude is billed, lower the \
             limits by it, then release the brake",
            local(stored),
            local(marked),
        ),
        since: now,
        until: None,
        by: None,
    }
}

/// Engages the brake with a cause that somebody brings, for the upstream that is asked now: what was stopped
/// while playing stops no live call, and letting the simulator go lets nothing go that was stopped live.
pub(crate) fn engage(tx: &mut Tx<'_>, cause: BrakeCause) -> Result<BrakeState, StoreError> {
    if let Some(by) = &cause.by {
        audit::check_reason(&cause.reason)?;
        audit::note(tx, by, "brake.on", &cause.reason)?;
    }
    let upstream = tx.policy.upstream;
    if !cause.kind.is_of_account() || is_news(tx, upstream, &cause)? {
        engage_for(tx, upstream, cause)?;
    }
    Ok(tx.policy.brake())
}

// Calls that were under way together say it one after the other, and some of them after a person ended it.
fn is_news(tx: &Tx<'_>, upstream: UpstreamKind, cause: &BrakeCause) -> Result<bool, StoreError> {
    let same =
        |one: &Raised| one.upstream.is_none_or(|other| other == upstream) && one.cause.kind == cause.kind;
    if tx.policy.raised.iter().any(same) {
        return Ok(false);
    }
    let ended = "SELECT 1 FROM brake_history
         WHERE kind = ?1 AND upstream = ?2 AND change = 'released' AND at > ?3 LIMIT 1";
    let since = params![cause.kind.name(), upstream.name(), cause.since.micros()];
    Ok(tx.first(ended, since, |_| Ok(()))?.is_none())
}

/// Ends what this host's upstream had raised for its account, since a call was answered.
pub(crate) fn account_answers(tx: &mut Tx<'_>, reason: &str) -> Result<BrakeState, StoreError> {
    let upstream = Some(tx.policy.upstream);
    let of_account = |raised: &&Raised| raised.upstream == upstream && raised.cause.kind.is_of_account();
    let ours: Vec<Raised> = tx.policy.raised.iter().filter(of_account).cloned().collect();
    ours.iter().try_for_each(|raised| lower(tx, raised, reason, None))?;
    after_release(tx)?;
    Ok(tx.policy.brake())
}

/// Engages the brake of one upstream.
pub(crate) fn engage_for(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    cause: BrakeCause,
) -> Result<(), StoreError> {
    raise(tx, Raised { upstream: Some(upstream), cause })
}

/// Ends all causes that stop this host by a person's hand; one that the day raised is muted for that day.
pub(crate) fn release(tx: &mut Tx<'_>, by: &str, reason: &str) -> Result<BrakeState, StoreError> {
    audit::check_reason(reason)?;
    evaluate::evaluate_all(tx)?;
    let upstream = tx.policy.upstream;
    let day = tx.policy.account.calendar.day(tx.now).start;
    let ours: Vec<Raised> = tx
        .policy
        .raised
        .iter()
        .filter(|raised| raised.upstream.is_none_or(|one| one == upstream))
        .cloned()
        .collect();
    for raised in &ours {
        if raised.cause.kind == BrakeCauseKind::Day {
            mute(tx, upstream, day)?;
        }
        lower(tx, raised, reason, Some(by))?;
    }
    audit::note(tx, by, "brake.off", reason)?;
    after_release(tx)?;
    Ok(tx.policy.brake())
}

fn raise(tx: &mut Tx<'_>, raised: Raised) -> Result<(), StoreError> {
    let Raised { upstream, cause } = &raised;
    tx.run(
        "INSERT INTO brake (kind, upstream, reason, since, until, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (kind, upstream) DO UPDATE SET
             reason = excluded.reason, since = excluded.since, until = excluded.until, who = excluded.who",
        params![
            cause.kind.name(),
            scope(*upstream),
            cause.reason,
            cause.since.micros(),
            cause.until.map(Timestamp::micros),
            cause.by,
        ],
    )?;
    history(tx, &raised, "engaged", &cause.reason, cause.by.as_deref())?;
    let shown = stops_this_host(tx, &raised);
    tx.policy
        .raised
        .retain(|other| other.upstream != raised.upstream || other.cause.kind != raised.cause.kind);
    let alert = alert_of(tx, &raised);
    tx.policy.raised.push(raised);
    tx.policy.touched = true;
    if shown {
        tx.tell(None, EventKind::Brake { engaged: true });
    }
    alerts::raise(tx, &alert).map(drop)
}

/// The alert that tells of a cause, for as long as it lasts.
fn alert_of(tx: &Tx<'_>, raised: &Raised) -> NewAlert {
    let cause = AlertCause::Brake(BrakeEngaged {
        cause: raised.cause.kind,
        of: raised.upstream,
        reason: &raised.cause.reason,
        until: raised.cause.until.map(|until| tx.policy.windows().local(until)),
    });
    NewAlert::of(raised.upstream.unwrap_or(tx.policy.upstream), &cause)
}

fn lower(tx: &mut Tx<'_>, raised: &Raised, reason: &str, by: Option<&str>) -> Result<(), StoreError> {
    tx.run(
        "DELETE FROM brake WHERE kind = ?1 AND upstream = ?2",
        params![raised.cause.kind.name(), scope(raised.upstream)],
    )?;
    history(tx, raised, "released", reason, by)?;
    tx.policy.raised.retain(|other| other != raised);
    tx.policy.touched = true;
    if stops_this_host(tx, raised) {
        let engaged = tx.policy.brake().engaged();
        tx.tell(None, EventKind::Brake { engaged });
    }
    let upstream = raised.upstream.unwrap_or(tx.policy.upstream);
    let key = AlertKey::Brake { cause: raised.cause.kind, of: raised.upstream };
    alerts::resolve(tx, upstream, &key).map(drop)
}

/// Jobs that waited for the brake go on, where nothing stops them now.
pub(crate) fn after_release(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if !tx.policy.brake().engaged() {
        transition::resume(tx, &[WaitReason::Brake], None)?;
    }
    Ok(())
}

fn stops_this_host(tx: &Tx<'_>, raised: &Raised) -> bool {
    raised.upstream.is_none_or(|one| one == tx.policy.upstream)
}

fn mute(tx: &mut Tx<'_>, upstream: UpstreamKind, day: Timestamp) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO brake_muted (upstream, day_start) VALUES (?1, ?2)
         ON CONFLICT (upstream) DO UPDATE SET day_start = excluded.day_start",
        params![upstream.name(), day.micros()],
    )?;
    tx.policy.muted.retain(|(one, _)| *one != upstream);
    tx.policy.muted.push((upstream, day));
    tx.policy.touched = true;
    Ok(())
}

fn history(
    tx: &Tx<'_>,
    raised: &Raised,
    change: &str,
    reason: &str,
    by: Option<&str>,
) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO brake_history (at, kind, upstream, change, reason, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![tx.now.micros(), raised.cause.kind.name(), scope(raised.upstream), change, reason, by],
    )
    .map(drop)
}

/// What the brake did that concerns an upstream, the newest first, and whether its day is muted.
pub(crate) fn history_of(
    db: &Db,
    upstream: UpstreamKind,
    day: WindowSpan,
    limit: u32,
) -> Result<BrakeHistory, StoreError> {
    let select = "SELECT at, kind, upstream, change, reason, who FROM brake_history
         WHERE upstream IN ('', ?1) ORDER BY seq DESC LIMIT ?2";
    let history = db.all(select, params![upstream.name(), limit], |row| {
        let any = row.text("upstream")?.is_empty();
        Ok(BrakeEntry {
            at: row.time("at")?,
            change: row.word("change")?,
            kind: row.word("kind")?,
            upstream: if any { None } else { Some(row.word("upstream")?) },
            reason: row.get("reason")?,
            by: row.get("who")?,
        })
    })?;
    let muted = "SELECT 1 FROM brake_muted WHERE upstream = ?1 AND day_start = ?2";
    let muted = db.first(muted, params![upstream.name(), day.start.micros()], |_| Ok(()))?;
    Ok(BrakeHistory { history, muted_until: muted.map(|()| day.end) })
}

/// No upstream stands as an empty text, which a primary key can hold.
fn scope(upstream: Option<UpstreamKind>) -> &'static str {
    upstream.map_or("", UpstreamKind::name)
}
