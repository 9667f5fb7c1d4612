//! Money: what is counted, what is paid, and what stops when it is spent.

mod batches;
mod bill;
mod brake;
mod downgrade;
mod empty_hour;
mod large_batch;
mod law;
mod ledger;
mod predictions;
mod prices;
mod replies;
mod throttle;
