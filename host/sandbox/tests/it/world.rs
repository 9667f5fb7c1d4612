//! What a guest sees of the world: clocks and random numbers.

use crate::bench::{Bench, host, result};
use anvil_sandbox::testing::{Answer, Recorder, small_limits};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_clocks_move_only_when_claude_has_answered() {
    let bench = Bench::of("tells-the-time").await;
    // The recorder's time begins at 1000 s, and five seconds pass with its answer.
    assert_eq!(result(&bench.run("tells-the-time", &host(), small_limits()).await), "5001000");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_numbers_follow_from_the_job() {
    let bench = Bench::of("draws-a-number").await;
    let of_job = async |job| {
        let host = Arc::new(Recorder::new(job, Answer::Reply(Duration::ZERO)));
        result(&bench.run("draws-a-number", &host, small_limits()).await).to_owned()
    };
    let first = of_job(1).await;
    assert_eq!(first, of_job(1).await, "a resumed job draws the same");
    assert_ne!(first, of_job(2).await);
    // Pinned: a newer host must go on with a job's numbers.
    assert_eq!(first, "10606112350271472610");
}
