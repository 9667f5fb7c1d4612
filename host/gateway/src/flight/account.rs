//! What it comes to that the upstream refuses the account.

use crate::upstream::class::Account;
use anvil_budget::{BrakeCause, Windows};
use anvil_types::{BrakeCauseKind, Timestamp};

/// The cause that an upstream raises that refuses the account. Its own spend cap lasts until the first of next
/// month, UTC.
pub(crate) fn account_cause(account: Account, message: &str, since: Timestamp) -> BrakeCause {
    let (kind, reason, until) = match account {
        Account::SpendCap => (
            BrakeCauseKind::SpendCap,
            format!("upstream's own spend limit is reached ({message})"),
            Some(Windows::new(jiff::tz::TimeZone::UTC).month(since).end),
        ),
        Account::Refused => (
            BrakeCauseKind::Account,
            format!(
                "Claude refuses the account ({message}). Look at the key and the payment where Claude is billed, then \
                 release the brake; one call tries every quarter of an hour by itself"
            ),
            None,
        ),
    };
    BrakeCause { kind, reason, since, until, by: None }
}
