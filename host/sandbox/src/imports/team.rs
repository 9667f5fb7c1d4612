//! `anvil:agent/team`.

use crate::bindings::anvil::agent::claude::Extra;
use crate::bindings::anvil::agent::job::ArtifactRef;
use crate::bindings::anvil::agent::team::{Done, Failure, Host, Task};
use crate::guest::Guest;
use anvil_types::words::TeamRefusal;
use anvil_types::{Json, Nanodollars, TeamAnswer, TeamDone, TeamFailure, TeamTask, clip};

/// The most tasks of one `run-many`.
const MOST_TASKS: usize = 32;

/// How many files of its tasks an attempt may read: each is a read of the database.
const TASK_FILES: u32 = 1_000;

impl Host for Guest {
    async fn run(&mut self, task: Task) -> wasmtime::Result<Result<Done, Failure>> {
        let mut answers = self.hand_over("team.run", vec![task]).await?;
        Ok(answers.pop().unwrap_or_else(|| Err(malformed("the host gave no answer".to_owned()).into())))
    }

    async fn run_many(&mut self, tasks: Vec<Task>) -> wasmtime::Result<Vec<Result<Done, Failure>>> {
        let count = tasks.len();
        if count > MOST_TASKS {
            self.door("team.run-many")?;
            let too_many = malformed(format!("run-many takes at most {MOST_TASKS} tasks; these are {count}"));
            return Ok((0..count).map(|_| Err(too_many.clone().into())).collect());
        }
        self.hand_over("team.run-many", tasks).await
    }

    async fn artifact(&mut self, job_id: String, name: String) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let door = self.door("team.artifact")?;
        if self.task_files >= TASK_FILES {
            return Ok(Err(format!(
                "an attempt reads {TASK_FILES} files of its tasks, and this one has done so"
            )));
        }
        self.task_files += 1;
        door.ask("team.artifact", async move |host| host.task_artifact(&job_id, &name).await).await
    }
}

impl Guest {
    async fn hand_over(
        &mut self,
        function: &str,
        tasks: Vec<Task>,
    ) -> wasmtime::Result<Vec<Result<Done, Failure>>> {
        let door = self.door(function)?;
        let checked: Vec<_> = tasks.into_iter().map(checked).collect();
        let asked: Vec<_> = checked.iter().filter_map(|task| task.as_ref().ok().cloned()).collect();
        let mut answers = if asked.is_empty() {
            Vec::new()
        } else {
            let clock = door.clock();
            door.ask(function, async move |host| host.team(asked, clock).await).await?
        }
        .into_iter();
        // The answers of those that were asked go back to their places between those that were not.
        let answers = checked.into_iter().map(|task| match task {
            Ok(_) => answers.next().unwrap_or_else(|| Err(malformed("the host gave no answer".to_owned()))),
            Err(malformed) => Err(malformed),
        });
        Ok(answers.map(told).collect())
    }
}

/// The task, or why it is none.
fn checked(task: Task) -> Result<TeamTask, TeamFailure> {
    if let Some(extra) = task.extras.first() {
        return Err(malformed(format!("a task has no extra `{}`; none is known", clip(&extra.name))));
    }
    let payload: Json =
        task.payload.parse().map_err(|error| malformed(format!("the payload is no JSON: {error}")))?;
    if task.max_cost_nanodollars == Some(0) {
        return Err(malformed("max-cost-nanodollars is at least 1; leave it out for a share".to_owned()));
    }
    let money = |nanos: u64| Nanodollars::new(i64::try_from(nanos).unwrap_or(i64::MAX));
    let max_cost = task.max_cost_nanodollars.map(money);
    Ok(TeamTask { agent: task.agent, action: task.action, payload, max_cost })
}

fn malformed(why: String) -> TeamFailure {
    TeamFailure::of(&TeamRefusal::Malformed { why }, None)
}

fn told(answer: TeamAnswer) -> Result<Done, Failure> {
    answer.map(Into::into).map_err(Into::into)
}

impl From<TeamDone> for Done {
    fn from(done: TeamDone) -> Self {
        Self {
            job_id: done.job.to_string(),
            agent: done.agent,
            result: done.result,
            artifacts: done.artifacts.iter().map(ArtifactRef::from).collect(),
            cost_nanodollars: u64::try_from(done.cost.get()).unwrap_or(0),
            extras: Vec::new(),
        }
    }
}

impl From<TeamFailure> for Failure {
    fn from(failure: TeamFailure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
            job_id: failure.job.map(|job| job.to_string()),
            extras: failure.extras.into_iter().map(|(name, value)| Extra { name, value }).collect(),
        }
    }
}
