//! `anvil questions`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, clean_lines, first_line, pretty_text, print};
use anvil_api::{AnswerRequest, List};
use anvil_types::{Json, PersonQuestion, QuestionId, QuestionState};
use clap::{Args, Subcommand};
use reqwest::Method;
use std::fmt::Write as _;

/// What agents ask people, and the answers.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct QuestionsArgs {
    #[command(subcommand)]
    command: Option<QuestionsCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum QuestionsCommand {
    /// List questions, the newest first.
    List(ListArgs),
    /// Show a question with its details. Its text is the agent's.
    Show {
        /// The question's id.
        id: String,
    },
    /// Answer a question, once: the job that asks goes on.
    Answer {
        /// The question's id.
        id: String,
        /// The answer: a choice's value or a text, as it is.
        #[arg(required_unless_present = "value", conflicts_with = "value")]
        text: Option<String>,
        /// The answer as JSON, where the question's schema describes one.
        #[arg(long, value_name = "JSON")]
        value: Option<Json>,
    },
}

/// Which questions.
#[derive(Debug, Args)]
struct ListArgs {
    /// Only questions in this state (open, answered, expired, withdrawn); can be given several times. Without: open.
    #[arg(long, value_name = "STATE")]
    state: Vec<QuestionState>,
    /// Questions in every state.
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Only the questions of this job.
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// The most questions.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
    /// Only questions older than this one: the next page.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl QuestionsArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match &self.command {
            None => self.list.run(client, globals).await,
            Some(QuestionsCommand::List(args)) => args.run(client, globals).await,
            Some(QuestionsCommand::Show { id }) => {
                let question: Answer<PersonQuestion> = client.get(&["questions", id], &[]).await?;
                question.show(globals.json, |question| show(question, &client.moment()))?;
                Ok(Exit::Done)
            }
            Some(QuestionsCommand::Answer { id, text, value }) => {
                let given = || Json::of(text.as_deref().unwrap_or_default());
                let body = AnswerRequest { answer: value.clone().unwrap_or_else(given) };
                let question: Answer<PersonQuestion> =
                    client.send(Method::POST, &["questions", id, "answer"], &body).await?;
                question.show(globals.json, |question| {
                    format!("{} is answered; {} goes on", question.id, question.subject)
                })?;
                Ok(Exit::Done)
            }
        }
    }
}

impl ListArgs {
    async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut query: Vec<(&str, String)> = vec![("limit", self.limit.to_string())];
        query.extend(self.state.iter().map(|state| ("state", state.name().to_owned())));
        if self.state.is_empty() && !self.all {
            query.push(("state", QuestionState::Open.name().to_owned()));
        }
        query.extend(self.job.iter().map(|job| ("job", job.clone())));
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
        let questions: Answer<List<PersonQuestion, QuestionId>> = client.get(&["questions"], &query).await?;
        if globals.json {
            questions.print()?;
            return Ok(Exit::Done);
        }
        let questions = questions.read()?;
        if questions.items.is_empty() {
            print("There are no such questions.")?;
            return Ok(Exit::Done);
        }
        print(&table(&questions.items, &client.moment()))?;
        if let Some(next) = questions.next {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

fn table(questions: &[PersonQuestion], moment: &Moment) -> String {
    let mut table = Table::new(&["QUESTION", "STATE", "ASKED", "AGENT", "PROMPT"]);
    for question in questions {
        let (id, asked) = (question.id.to_string(), moment.relative(question.opened_at));
        let (asker, prompt) = (clean(&question.asker), first_line(&question.text.prompt, 80));
        table.row([id.as_str(), question.state.name(), &asked, &asker, &prompt]);
    }
    table.to_string()
}

fn show(question: &PersonQuestion, moment: &Moment) -> String {
    let text = &question.text;
    let mut out = format!("{} {}\n", question.id, question.state);
    let _ = writeln!(out, "  {}", clean_lines(&text.prompt).replace('\n', "\n  "));
    if let Some(details) = &text.details {
        let _ = writeln!(out, "\n  {}\n", clean_lines(details).trim_end().replace('\n', "\n  "));
    }
    for choice in &text.choices {
        let label = choice.label.as_ref().map(|label| format!("  {}", clean(label))).unwrap_or_default();
        let _ = writeln!(out, "  - {}{label}", clean(&choice.value));
    }
    let told = |json: &Option<Json>| json.as_ref().map(pretty_text).unwrap_or_default();
    for (name, value) in [
        ("asked by", format!("{} ({})", clean(&question.asker), question.subject)),
        ("asked", moment.full(question.opened_at)),
        ("time over", moment.full(question.expires_at)),
        ("default", told(&text.default)),
        ("schema", told(&text.schema)),
        ("answer", told(&question.answer)),
        ("by", question.answered_by.as_deref().map(clean).unwrap_or_default()),
        ("over", moment.full(question.closed_at)),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<10}{}", value.replace('\n', "\n            "));
        }
    }
    out
}
