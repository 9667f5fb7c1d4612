//! A call's share of the pace, until it is over.

use crate::line::desk::LineDesk;
use crate::pace::{Spent, Ticket};

/// What a call that goes out has taken of the pace, until it is over. Dropped before that, the call
/// counts as all that it can have taken.
#[derive(Debug)]
pub(crate) struct Paced<'a> {
    desk: &'a LineDesk,
    ticket: Ticket,
    most_output: u64,
    over: bool,
}

impl<'a> Paced<'a> {
    pub(crate) fn new(desk: &'a LineDesk, ticket: Ticket, most_output: u64) -> Self {
        Self { desk, ticket, most_output, over: false }
    }

    pub(crate) fn ended(mut self, spent: &Spent<'_>) {
        self.end(spent);
    }

    fn end(&mut self, spent: &Spent<'_>) {
        self.over = true;
        self.desk.pace().ended(self.ticket, spent);
        // It may have taken less than was expected.
        self.desk.room();
    }
}

impl Drop for Paced<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.end(&Spent::Unknown(self.most_output));
        }
    }
}
