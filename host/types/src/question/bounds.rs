//! How large a question and its answer may be.

use super::QuestionText;
use crate::{Json, overrides_direction};
use std::collections::HashSet;

/// Why something is no question. What is wrong with a schema says whoever reads schemas.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionFault {
    /// It asks nothing.
    #[error("the prompt is blank; a question asks something")]
    Blank,
    /// A part of it is too long.
    #[error("{part} has at most {most} bytes; this one has {bytes}")]
    TooLong {
        /// The part.
        part: &'static str,
        /// The most.
        most: usize,
        /// How long it is.
        bytes: usize,
    },
    /// There are too many of something.
    #[error("a question has at most {most} {what}; this one has {count}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The most.
        most: usize,
        /// How many there are.
        count: usize,
    },
    /// Two choices are the same answer, or one is none.
    #[error("the value of a choice is not empty, and no two are the same")]
    Choice,
    /// A choice's label shows nothing.
    #[error("the label of a choice is not blank; leave it out to show the value")]
    Label,
    /// Characters that do something to a terminal or hide something.
    #[error("{part} has no control characters; this one has {odd}")]
    Control {
        /// The part.
        part: &'static str,
        /// One that it has, escaped.
        odd: String,
    },
    /// Its time limit is too short or too long.
    #[error("a time limit is from 1,000 to 31,622,400,000 milliseconds; this one is {0}")]
    TimeLimit(u64),
    /// It has a default and no time limit.
    #[error("a default counts when the time is over, and the question has no time limit")]
    DefaultWithoutLimit,
    /// A text that has to be JSON is none.
    #[error("{part} is no JSON: {why}")]
    NoJson {
        /// Which.
        part: &'static str,
        /// Why.
        why: String,
    },
    /// The schema is none that the host uses.
    #[error("the schema is itself wrong: {0}")]
    Schema(String),
    /// The default does not fit.
    #[error("the default is none of the answers that the question takes: {0}")]
    Default(String),
}

impl QuestionText {
    /// The longest prompt, in bytes.
    pub const LONGEST_PROMPT: usize = 4 * 1024;
    /// The longest details, schema, default and answer, in bytes.
    pub const LONGEST_PART: usize = 64 * 1024;
    /// The most choices.
    pub const MOST_CHOICES: usize = 50;
    /// The longest value and label of a choice, in bytes.
    pub const LONGEST_CHOICE: usize = 255;
    /// The most extras, and how long their names,
    pub const MOST_EXTRAS: usize = 16;
    /// and their values may be, in bytes.
    pub const LONGEST_EXTRA: (usize, usize) = (64, 4 * 1024);
    /// The shortest and the longest time limit, in milliseconds.
    pub const TIME_LIMITS: (u64, u64) = (1_000, 366 * 24 * 3_600 * 1_000);

    /// Whether it is within its bounds; of a schema and a default only the length is looked at.
    pub fn check(&self) -> Result<(), QuestionFault> {
        if is_blank(&self.prompt) {
            return Err(QuestionFault::Blank);
        }
        within("the prompt", &self.prompt, Self::LONGEST_PROMPT)?;
        plain("the prompt", &self.prompt)?;
        within("the details", self.details.as_deref().unwrap_or_default(), Self::LONGEST_PART)?;
        within("the schema", self.schema.as_ref().map_or("", Json::as_str), Self::LONGEST_PART)?;
        within("the default", self.default.as_ref().map_or("", Json::as_str), Self::LONGEST_PART)?;
        few("choices", self.choices.len(), Self::MOST_CHOICES)?;
        let mut values = HashSet::new();
        for choice in &self.choices {
            for text in [choice.value.as_str(), choice.shown()] {
                within("a choice", text, Self::LONGEST_CHOICE)?;
                plain("a choice", text)?;
            }
            if choice.label.as_deref().is_some_and(is_blank) {
                return Err(QuestionFault::Label);
            }
            if choice.value.is_empty() || !values.insert(choice.value.as_str()) {
                return Err(QuestionFault::Choice);
            }
        }
        few("extras", self.extras.len(), Self::MOST_EXTRAS)?;
        for (name, value) in &self.extras {
            within("the name of an extra", name, Self::LONGEST_EXTRA.0)?;
            within("the value of an extra", value, Self::LONGEST_EXTRA.1)?;
        }
        let (shortest, longest) = Self::TIME_LIMITS;
        match self.time_limit_ms {
            Some(limit) if limit < shortest || limit > longest => Err(QuestionFault::TimeLimit(limit)),
            None if self.default.is_some() => Err(QuestionFault::DefaultWithoutLimit),
            _ => Ok(()),
        }
    }
}

fn within(part: &'static str, text: &str, most: usize) -> Result<(), QuestionFault> {
    if text.len() > most {
        return Err(QuestionFault::TooLong { part, most, bytes: text.len() });
    }
    Ok(())
}

fn few(what: &'static str, count: usize, most: usize) -> Result<(), QuestionFault> {
    if count > most { Err(QuestionFault::TooMany { what, most, count }) } else { Ok(()) }
}

/// Whether nobody sees anything of it: it has only blanks, and characters that have no width.
fn is_blank(text: &str) -> bool {
    let shows_nothing = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().all(shows_nothing)
}

// What turns the direction of a text may make it read as what it is not.
fn plain(part: &'static str, text: &str) -> Result<(), QuestionFault> {
    let hides = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || overrides_direction(c);
    match text.chars().find(|c| hides(*c)) {
        Some(odd) => Err(QuestionFault::Control { part, odd: odd.escape_unicode().to_string() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QuestionChoice;

    fn asked(change: impl FnOnce(&mut QuestionText)) -> Result<(), QuestionFault> {
        let mut text = QuestionText {
            prompt: "Ship it?".to_owned(),
            details: None,
            choices: Vec::new(),
            schema: None,
            time_limit_ms: None,
            default: None,
            extras: Vec::new(),
        };
        change(&mut text);
        text.check()
    }

    fn labelled(label: &str) -> QuestionChoice {
        QuestionChoice { value: "yes".to_owned(), label: Some(label.to_owned()) }
    }

    fn choices(values: &[&str]) -> Vec<QuestionChoice> {
        values.iter().map(|value| QuestionChoice { value: (*value).to_owned(), label: None }).collect()
    }

    #[test]
    fn a_question_at_its_bounds_is_taken_and_one_beyond_says_which() {
        assert_eq!(asked(|_| {}), Ok(()));
        assert_eq!(asked(|text| text.prompt = "é".repeat(2_048)), Ok(()));
        assert_eq!(asked(|text| text.time_limit_ms = Some(1_000)), Ok(()));
        assert_eq!(asked(|text| text.choices = choices(&["yes", "no"])), Ok(()));
        let json = |length: usize| Some(Json::of(&"x".repeat(length)));
        for (fault, says) in [
            (asked(|text| text.prompt = " \n".to_owned()), "blank"),
            (asked(|text| text.prompt = "\u{a0}\u{200b}\u{feff}\u{e0041}".to_owned()), "blank"),
            (asked(|text| text.choices = vec![labelled(" \u{200b}")]), "the label of a choice is not blank"),
            (asked(|text| text.prompt = "é".repeat(2_049)), "the prompt has at most 4096 bytes"),
            (asked(|text| text.prompt = "a\u{1b}[2J".to_owned()), "\\u{1b}"),
            (asked(|text| text.prompt = "a\u{202e}b".to_owned()), "\\u{202e}"),
            (asked(|text| text.details = Some("x".repeat(65_537))), "the details"),
            (asked(|text| text.schema = json(65_535)), "the schema"),
            (asked(|text| text.default = json(65_535)), "the default"),
            (asked(|text| text.choices = choices(&["a"; 51])), "at most 50 choices"),
            (asked(|text| text.choices = choices(&["a", "a"])), "no two are the same"),
            (asked(|text| text.choices = choices(&[""])), "not empty"),
            (asked(|text| text.choices = choices(&["x".repeat(256).as_str()])), "a choice"),
            (asked(|text| text.extras = vec![(String::new(), String::new()); 17]), "at most 16 extras"),
            (asked(|text| text.time_limit_ms = Some(999)), "this one is 999"),
            (asked(|text| text.time_limit_ms = Some(u64::MAX)), "31,622,400,000"),
            (asked(|text| text.default = Some(Json::null())), "no time limit"),
        ] {
            let fault = fault.expect_err(says).to_string();
            assert!(fault.contains(says), "{says}: {fault}");
        }
    }
}
