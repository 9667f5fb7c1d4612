//! A stream written down, in any of the forms that it may have.

use crate::dice::Dice;
use crate::events::Event;
use crate::told::Told;
use std::fmt::Write as _;

/// How a stream is written down.
#[derive(Clone, Copy)]
struct Style {
    end_of_line: &'static str,
    colon: &'static str,
    names_events: bool,
    comments: bool,
}

/// A stream written down, with what is told from which byte on.
pub(crate) struct Marked {
    pub bytes: Vec<u8>,
    pub told: Vec<(usize, Told)>,
}

impl Marked {
    /// What comes after this byte never comes.
    pub(crate) fn cut(&mut self, at: usize) {
        self.bytes.truncate(at);
        // A reader may look at half an event as well: what it tells may count, and need not.
        for (end, told) in &mut self.told {
            if *end > at {
                (*end, *told) = (at, told.perhaps());
            }
        }
    }

    /// The events in one of the forms that a stream may have.
    pub(crate) fn write(dice: &mut Dice, events: &[Event], with_last_blank: bool) -> Self {
        // Each event keeps its name where its data has no type of its own to go by.
        let style = Style {
            end_of_line: dice.pick(&["\n", "\n", "\n", "\r\n", "\r"]),
            colon: dice.pick(&[": ", ": ", ":"]),
            names_events: !dice.percent(10) || events.iter().any(|event| event.kind == "later_kind"),
            comments: dice.percent(20),
        };
        let mut text = String::new();
        if dice.percent(5) {
            text.push('\u{feff}');
        }
        let mut told = Vec::new();
        let mut over = false;
        for (at, event) in events.iter().enumerate() {
            event.write(dice, style, &mut text);
            if with_last_blank || at + 1 < events.len() {
                text += style.end_of_line;
            }
            told.push((text.len(), if over { event.told.perhaps() } else { event.told }));
            over |= event.last;
        }
        Self { bytes: text.into_bytes(), told }
    }
}

impl Event {
    // But for the blank line after it.
    fn write(&self, dice: &mut Dice, style: Style, text: &mut String) {
        let Style { end_of_line: eol, colon, names_events, comments } = style;
        if comments && dice.percent(30) {
            let _ = write!(text, ": keep-alive{eol}{eol}id{colon}7{eol}");
        }
        if names_events {
            let _ = write!(text, "event{colon}{}{eol}", self.kind);
        }
        // White space between two members: the data may be in two lines.
        let (first, rest) = match self.data.find("\",\"") {
            Some(comma) if comments => self.data.split_at(comma + 2),
            _ => (self.data.as_str(), ""),
        };
        let _ = write!(text, "data{colon}{first}{eol}");
        if !rest.is_empty() {
            let _ = write!(text, "data{colon}{rest}{eol}");
        }
    }
}
