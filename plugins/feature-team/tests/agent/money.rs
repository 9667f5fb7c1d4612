//! A cap that ends at each step.

use super::team::*;
use feature_team::agent::run;
use serde_json::json;

#[test]
fn each_step_has_a_share_of_what_is_left() {
    let mut host = Played::new(team());
    deliver(&mut host, &unasked());
    let caps: Vec<u64> = host.tasks.iter().filter_map(|task| task.max_cost_nanodollars).collect();
    assert_eq!(caps, [100_000_000, 220_000_000, 560_000_000, 646_666_666, 960_000_000]);
}

#[test]
fn what_the_rest_stands_on_has_all_that_is_left_where_its_share_does_not_reach() {
    for refusal in
        [refused("over-budget"), ended("failed", "over-budget"), ended("failed", "calls-exhausted")]
    {
        let mut host = Played::new([refusal, requirements(), design(), code(), tests(), docs()]);
        let result = deliver(&mut host, &unasked());
        assert_eq!(host.agents()[..2], ["requirements-analyzer"; 2]);
        assert_eq!(host.tasks[1].max_cost_nanodollars, Some(host.left + 5 * COST));
        assert!(host.tasks[0].payload == host.tasks[1].payload);
        assert!(steps(&result).starts_with("requirements failed, requirements done, design done"));
        assert_eq!(result["state"], "delivered", "in the end nothing is missing: {result:#}");
    }
    // Documentation can do without tests: those leave it its share.
    let mut host = Played::new([requirements(), design(), code(), ended("failed", "over-budget"), docs()]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(steps(&result), "requirements done, design done, code done, tests failed, docs done");
}

#[test]
fn a_step_that_its_share_left_half_done_has_all_that_is_left_too() {
    let half = || {
        let short = "The job may spend no more: the call may cost up to $0.04; the job's own limit is $0.05, of which $0.03 are spent.";
        done(
            json!({"overview": "Half.", "complete": false, "missing": [short]}),
            &[("design.md", "# Half\n")],
        )
    };
    let mut host = Played::new([requirements(), half(), design(), code(), tests(), docs()]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(host.tasks[2].max_cost_nanodollars, Some(CAP - 2 * COST));
    assert_eq!((missing(&result).as_str(), &result["state"]), ("", &json!("delivered")));
    assert_eq!(
        steps(&result),
        "requirements done, design done, design done, code done, tests done, docs done"
    );
    assert_eq!(result["steps"][1]["note"], "not complete");
    assert_eq!(host.text("design.md"), "# Design\n\nOne page, `login.html`.\n");

    // The half of it is better than nothing, and what is no better with all of the money is not tried a third time.
    for again in [ended("failed", "bad-reply"), half()] {
        let mut host = Played::new([requirements(), half(), again, code(), tests(), docs()]);
        let result = deliver(&mut host, &unasked());
        assert_eq!(host.text("design.md"), "# Half\n");
        assert!(missing(&result).starts_with("design: The job may spend no more"), "{}", missing(&result));
        assert_eq!((host.tasks.len(), &result["state"]), (6, &json!("partial")));
    }
}

#[test]
fn a_cap_that_ends_at_a_step_leaves_what_was_before_it() {
    for (before, paths) in [
        (1, &["DELIVERY.md", "requirements.md"][..]),
        (2, &["DELIVERY.md", "design.md", "requirements.md"]),
        (3, &["DELIVERY.md", "code/login.html", "design.md", "requirements.md"]),
        (4, &["DELIVERY.md", "code/login.html", "design.md", "requirements.md", "tests/login.test.js"]),
    ] {
        let script = team().into_iter().take(before).chain(std::iter::repeat_n(refused("over-budget"), 3));
        let mut host = Played::new(script);
        let result = deliver(&mut host, &unasked());
        assert_eq!(host.paths(), paths);
        assert!(missing(&result).contains("because of over-budget"), "{}", missing(&result));
        assert_eq!(result["state"], "partial");
    }
    let mut host = Played::new([refused("over-budget"), refused("over-budget")]);
    let failure = run(&mut host, &job(&unasked())).expect_err("nothing to deliver");
    assert_eq!(failure.kind, "over-budget");
}

#[test]
fn a_job_without_money_asks_nobody() {
    let mut host = Played::new([]);
    host.left = 0;
    let failure = run(&mut host, &job(&unasked())).expect_err("nothing to deliver");
    assert_eq!(failure.kind, "over-budget");
    assert!(failure.message.contains("no money is left"), "{}", failure.message);
}

#[test]
fn a_job_that_spends_its_last_on_the_requirements_delivers_them() {
    let mut host = Played::new([refused("over-budget"), requirements()]);
    host.left = 9;
    let result = deliver(&mut host, &unasked());
    assert_eq!((host.left, host.tasks.len()), (0, 2));
    assert_eq!(
        steps(&result),
        "requirements failed, requirements done, design failed, code skipped, tests skipped, docs skipped"
    );
    assert!(missing(&result).starts_with("design: no money is left\n"), "{}", missing(&result));
}
