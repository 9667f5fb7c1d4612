//! Made-up questions.

use super::card::QuestionCard;
use super::link::{LinkPage, Told};
use super::page::{OfJob, QuestionList, QuestionPage, QuestionsPage};
use crate::panel::kit::samples::{NOW, Sample, ago, html, job_id, json, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_store::QuestionPage as Page;
use anvil_types::{
    Job, PersonQuestion, QuestionChoice, QuestionId, QuestionState, QuestionSubject, QuestionText,
};
use std::time::Duration;

fn question(number: u128, state: QuestionState, change: impl FnOnce(&mut QuestionText)) -> PersonQuestion {
    let mut text = QuestionText {
        prompt: "Which of the two designs is to be built?".to_owned(),
        details: None,
        choices: Vec::new(),
        schema: None,
        time_limit_ms: None,
        default: None,
        extras: Vec::new(),
    };
    change(&mut text);
    let over = state != QuestionState::Open;
    PersonQuestion {
        id: QuestionId::new(ago(600), number),
        subject: QuestionSubject::Job(job_id(900, number)),
        asker: "design-architect".to_owned(),
        state,
        expires_at: text.time_limit_ms.map(|ms| NOW + Duration::from_millis(ms)),
        text,
        opened_at: ago(600),
        closed_at: over.then(|| ago(60)),
        answer: over.then(|| json("\"events\"")),
        answered_by: (state == QuestionState::Answered).then(|| "a person at the panel".to_owned()),
    }
}

fn open() -> Vec<PersonQuestion> {
    let choice =
        |value: &str, label: &str| QuestionChoice { value: value.to_owned(), label: Some(label.to_owned()) };
    vec![
        question(1, QuestionState::Open, |text| {
            text.details = Some("**A** keeps events, **B** rows.\n\n- A: <b>slower</b> to build\n- B: see [here](https://x.test)".to_owned());
            text.choices = vec![choice("events", "A: keep events"), choice("rows", "B: keep <rows>")];
            text.time_limit_ms = Some(7_200_000);
            text.default = Some(json("\"rows\""));
        }),
        question(2, QuestionState::Open, |text| "What is the product called?".clone_into(&mut text.prompt)),
        question(3, QuestionState::Open, |text| {
            "How many users are expected?".clone_into(&mut text.prompt);
            text.schema = Some(json(r#"{"type":"integer","minimum":1}"#));
        }),
    ]
}

fn over() -> Vec<PersonQuestion> {
    [QuestionState::Answered, QuestionState::Expired, QuestionState::Withdrawn]
        .into_iter()
        .zip(10..)
        .map(|(state, number)| question(number, state, |_| {}))
        .collect()
}

/// What stands on the page of a job.
pub(crate) fn of_job(job: &Job) -> OfJob {
    let cards = open().iter().take(1).map(|question| QuestionCard::new(question, NOW)).collect();
    OfJob { job: job.id.to_string(), cards }
}

/// Their pages.
pub(crate) fn pages() -> Vec<Sample> {
    let status = status();
    let list = |open: &[PersonQuestion], over: Vec<PersonQuestion>| {
        let all = open.len() as u64;
        let body = QuestionList::new(open, all, &Page { items: over, next: None }, None, NOW);
        html(&QuestionsPage { shell: shell(&status, Nav::Questions, "Questions"), body })
    };
    let why = ("/: \"many\" is not of type \"integer\"".to_owned(), "many".to_owned());
    let wrong = QuestionCard::new(&open()[2], NOW).refused(Some(why));
    let link = |told| html(&LinkPage { simulated: true, told });
    vec![
        ("/questions", list(&open(), over())),
        ("/questions-empty", list(&[], Vec::new())),
        (
            "/question",
            html(&QuestionPage {
                shell: shell(&status, Nav::Questions, "Question"),
                card: wrong,
                job: Some(job_id(900, 3).to_string()),
            }),
        ),
        ("/answer", link(Told::Question(QuestionCard::new(&open()[0], NOW)))),
        ("/answer-answered", link(Told::Answered(QuestionCard::new(&over()[0], NOW)))),
        ("/answer-over", link(Told::Over(QuestionCard::new(&over()[1], NOW)))),
        ("/answer-refused", link(Told::Refused)),
        ("/answer-too-often", link(Told::TooOften)),
    ]
}
