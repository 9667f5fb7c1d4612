//! What can go wrong with batches, as text: `batch-DOOR:FAILURE`.

use std::fmt;

use crate::fault::Fault;

/// A failure of batches. Written `batch-create:500`, `batch-create:close+kept`, `batch-get:404`, `batch-results:cut:3`,
/// `batch-item:expired`; each door's failures are named in [`SimBatchFailure`].
#[derive(Debug, Clone, PartialEq)]
pub struct SimBatchFault {
    /// Where it happens.
    pub door: SimBatchDoor,
    /// What happens.
    pub failure: SimBatchFailure,
    /// `+kept`: what was asked for is done all the same, and only its answer goes wrong. For `create`, `cancel` and
    /// `delete`.
    pub kept: bool,
}

/// An endpoint, or the items within a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimBatchDoor {
    /// `create`: `POST /v1/messages/batches`.
    Create,
    /// `get`: `GET …/{id}`.
    Get,
    /// `list`: `GET /v1/messages/batches`.
    List,
    /// `results`: `GET …/{id}/results`.
    Results,
    /// `cancel`: `POST …/{id}/cancel`.
    Cancel,
    /// `delete`: `DELETE …/{id}`.
    Delete,
    /// `item`: one item, when its turn comes.
    Item,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum SimBatchFailure {
    /// A fault of other requests. At an endpoint: those that answer an error (`429`, `529`, `spend-cap`, …), `close`,
    /// `hang:SECONDS`. In an item: a status, which becomes the error of its `errored` result (`+billed`: billed all the
    /// same), or `no-usage`.
    Usual(Box<Fault>),
    /// `batch-create:stuck`: the batch is created, and never worked off; it does not even expire.
    Stuck,
    /// `batch-get:counts`: the counts add up to one request too many, of which one is still processing.
    Counts,
    /// `batch-results:cut:3`: the connection breaks within the line after the third.
    CutLines(usize),
    /// `batch-results:garbage`: of one line, only its first half comes.
    Garbage,
    /// `batch-results:twice`: one line comes twice.
    Twice,
    /// `batch-results:stranger`: a line more, with a custom_id that nobody sent.
    Stranger,
    /// `batch-results:missing`: one line does not come.
    Missing,
    /// `batch-results:endless`: in place of the last line come lines with a custom_id that nobody sent, without end.
    Endless,
    /// `batch-create:drip`: the batch is created, and in place of the answer comes a blank a second, without end.
    Drip,
    /// `batch-results:drip:3`: behind the third line comes a blank a second, without end.
    DripLines(usize),
    /// `batch-results:first-expired`: before each item's line comes one that says that it expired.
    FirstExpired,
    /// `batch-results:first-canceled`: before each item's line comes one that says that it was canceled.
    FirstCanceled,
    /// `batch-results:first-invalid`: before each item's line comes one that says that it is an invalid request.
    FirstInvalid,
    /// `batch-results:first-cut`: before each item's line comes one that says that it succeeded, without what its message has.
    FirstCut,
    /// `batch-results:bom`: a mark of the order of bytes comes before the first line.
    ByteOrderMark,
    /// `batch-results:bytes`: within the text of each answer is a byte that is no UTF-8.
    Bytes,
    /// `batch-results:html`: a page comes in place of the results.
    Html,
    /// `batch-item:expired`, as though its turn had not come within 24 hours.
    Expired,
    /// `batch-item:canceled`, as though the batch had been cancelled before its turn came.
    Canceled,
}

const DOORS: [(SimBatchDoor, &str); 7] = [
    (SimBatchDoor::Create, "create"),
    (SimBatchDoor::Get, "get"),
    (SimBatchDoor::List, "list"),
    (SimBatchDoor::Results, "results"),
    (SimBatchDoor::Cancel, "cancel"),
    (SimBatchDoor::Delete, "delete"),
    (SimBatchDoor::Item, "item"),
];

/// The failures that have no number, each with its door.
static NAMED: [(SimBatchDoor, SimBatchFailure, &str); 17] = [
    (SimBatchDoor::Create, SimBatchFailure::Stuck, "stuck"),
    (SimBatchDoor::Get, SimBatchFailure::Counts, "counts"),
    (SimBatchDoor::Results, SimBatchFailure::Garbage, "garbage"),
    (SimBatchDoor::Results, SimBatchFailure::Twice, "twice"),
    (SimBatchDoor::Results, SimBatchFailure::Stranger, "stranger"),
    (SimBatchDoor::Results, SimBatchFailure::Missing, "missing"),
    (SimBatchDoor::Results, SimBatchFailure::Endless, "endless"),
    (SimBatchDoor::Create, SimBatchFailure::Drip, "drip"),
    (SimBatchDoor::Results, SimBatchFailure::FirstExpired, "first-expired"),
    (SimBatchDoor::Results, SimBatchFailure::FirstCanceled, "first-canceled"),
    (SimBatchDoor::Results, SimBatchFailure::FirstInvalid, "first-invalid"),
    (SimBatchDoor::Results, SimBatchFailure::FirstCut, "first-cut"),
    (SimBatchDoor::Results, SimBatchFailure::ByteOrderMark, "bom"),
    (SimBatchDoor::Results, SimBatchFailure::Bytes, "bytes"),
    (SimBatchDoor::Results, SimBatchFailure::Html, "html"),
    (SimBatchDoor::Item, SimBatchFailure::Expired, "expired"),
    (SimBatchDoor::Item, SimBatchFailure::Canceled, "canceled"),
];

/// What the text of a fault of batches looks like.
pub(crate) const BATCH_NAMES: &str = "batch-create:, batch-get:, batch-list:, batch-results:, batch-cancel:, batch-delete: or batch-item: with a fault \
     behind it, batch-create:stuck, batch-get:counts, batch-results:cut:LINES, batch-results:garbage, \
     batch-results:twice, batch-results:stranger, batch-results:missing, batch-results:endless, batch-create:drip, \
     batch-results:drip:LINES, batch-results:first-expired, batch-results:first-canceled, batch-results:first-invalid, \
     batch-results:first-cut, batch-results:bom, batch-results:bytes, batch-results:html, batch-item:expired, \
     batch-item:canceled";

impl SimBatchFault {
    /// Reads what stands behind `batch-`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (text, kept) = text.strip_suffix("+kept").map_or((text, false), |text| (text, true));
        let (name, what) = text.split_once(':')?;
        let door = DOORS.iter().find(|(_, text)| *text == name)?.0;
        if kept && !matches!(door, SimBatchDoor::Create | SimBatchDoor::Cancel | SimBatchDoor::Delete) {
            return None;
        }
        let named = NAMED.iter().find(|(at, _, name)| *at == door && *name == what);
        let numbered = what.split_once(':').filter(|_| door == SimBatchDoor::Results);
        let failure = match (named, numbered) {
            (Some((_, failure, _)), _) => failure.clone(),
            (None, Some(("cut", lines))) => SimBatchFailure::CutLines(lines.parse().ok()?),
            (None, Some(("drip", lines))) => SimBatchFailure::DripLines(lines.parse().ok()?),
            _ => SimBatchFailure::Usual(Box::new(what.parse().ok().filter(|fault| door.takes(fault))?)),
        };
        let usual = matches!(failure, SimBatchFailure::Usual(_));
        (usual || !kept).then_some(Self { door, failure, kept })
    }

    /// The fault of other requests that this is, if it is one.
    pub(super) fn usual(&self) -> Option<&Fault> {
        match &self.failure {
            SimBatchFailure::Usual(fault) => Some(fault),
            _ => None,
        }
    }
}

impl SimBatchDoor {
    fn takes(self, fault: &Fault) -> bool {
        match fault {
            Fault::Status { billed, .. } => self == Self::Item || !billed,
            Fault::NoUsage { only_final: false } => self == Self::Item,
            Fault::Close { billed: false } | Fault::Hang { .. } => self != Self::Item,
            other => other.refusal().is_some(),
        }
    }
}

impl fmt::Display for SimBatchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let door = DOORS.iter().find(|(door, _)| *door == self.door).map_or("", |(_, name)| name);
        write!(f, "batch-{door}:")?;
        match &self.failure {
            SimBatchFailure::Usual(fault) => write!(f, "{fault}")?,
            SimBatchFailure::CutLines(lines) => write!(f, "cut:{lines}")?,
            SimBatchFailure::DripLines(lines) => write!(f, "drip:{lines}")?,
            named => {
                let name =
                    NAMED.iter().find(|(_, failure, _)| failure == named).map_or("", |(_, _, name)| name);
                f.write_str(name)?;
            }
        }
        f.write_str(if self.kept { "+kept" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_batches_reads_back_what_it_writes() {
        for text in [
            "batch-create:500",
            "batch-create:529+kept",
            "batch-create:close",
            "batch-create:close+kept",
            "batch-create:hang:2.500+kept",
            "batch-create:429:7",
            "batch-create:spend-cap",
            "batch-create:stuck",
            "batch-get:404",
            "batch-get:counts",
            "batch-list:503",
            "batch-results:cut:3",
            "batch-results:garbage",
            "batch-results:twice",
            "batch-results:stranger",
            "batch-results:missing",
            "batch-results:endless",
            "batch-results:drip:0",
            "batch-results:first-expired",
            "batch-results:first-canceled",
            "batch-results:first-invalid",
            "batch-results:first-cut",
            "batch-results:bom",
            "batch-results:bytes",
            "batch-results:html",
            "batch-create:drip",
            "batch-cancel:close+kept",
            "batch-delete:500+kept",
            "batch-item:500",
            "batch-item:529+billed",
            "batch-item:429-bare",
            "batch-item:no-usage",
            "batch-item:expired",
            "batch-item:canceled",
        ] {
            assert_eq!(text.parse::<Fault>().expect(text).to_string(), text);
        }
        for text in [
            "batch",
            "batch-create",
            "batch-create:",
            "batch-create:500+billed",
            "batch-create:counts",
            "batch-create:stuck+kept",
            "batch-get:404+kept",
            "batch-get:cut:3",
            "batch-get:batch-get:404",
            "batch-item:close",
            "batch-nothing:500",
            "batch-results:cut:x",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
