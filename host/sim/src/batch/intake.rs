//! A batch comes in: read as a stream, its items' parameters straight to disk.
//!
//! What stands around the parameters (ids, their form, the number of items) is checked here and refused with a 400. The
//! parameters are looked at when an item's turn comes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufReader, Read};

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::message_batch::BatchItem;
use super::spool::Spool;
use crate::fault::of_status;
use crate::refusal::Refusal;

/// The most that a batch's body may have, as the API has it.
const MAX_BATCH: usize = 256 * 1024 * 1024;
/// The most items of a batch, as the API has it.
const MAX_ITEMS: usize = 100_000;
/// The longest `custom_id`, as the API has it.
const MAX_ID: usize = 64;

/// What came in.
pub(super) struct Intake {
    pub(super) items: Vec<BatchItem>,
    pub(super) spool: Spool,
}

/// Reads a whole body, whatever is wrong with it, so that who sends it hears the answer; only of one that is too large the
/// rest is not waited for.
pub(super) async fn take_in(body: Incoming) -> Result<Intake, Refusal> {
    let (feed, fed) = channel(4);
    let reading = tokio::task::spawn_blocking(move || read(Frames { fed, rest: Bytes::new() }));
    let forwarded = forward(body, feed).await;
    let read = reading.await.unwrap_or_else(|_| Err(of_status(500)));
    forwarded.and(read)
}

async fn forward(mut body: Incoming, feed: Sender<Bytes>) -> Result<(), Refusal> {
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::invalid("The request body could not be read"))?;
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size > MAX_BATCH {
            return Err(of_status(413));
        }
        // Where a mistake was found already, nobody reads on.
        let _ = feed.send(data).await;
    }
    Ok(())
}

/// The body's bytes for who reads them on another thread.
struct Frames {
    fed: Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Frames {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.fed.blocking_recv() {
                Some(bytes) => self.rest = bytes,
                None => return Ok(0),
            }
        }
        let len = buf.len().min(self.rest.len());
        self.rest.copy_to_slice(&mut buf[..len]);
        Ok(len)
    }
}

/// Where a batch is too large for memory and there is no file for it.
fn no_file(error: &io::Error) -> Refusal {
    let message = format!(
        "The simulator cannot keep this batch: a temporary file for it fails ({error}). Make room on the disk, delete batches, \
         or allow more open files (ulimit -n)."
    );
    Refusal::new(500, "api_error", message)
}

fn read(from: impl Read) -> Result<Intake, Refusal> {
    let intake = Intake { items: Vec::new(), spool: Spool::default() };
    let mut taking = Taking { intake, list: false, wrong: None };
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, from));
    let read = Whole(&mut taking).deserialize(&mut reader).and_then(|()| reader.end());
    if let Some(refusal) = taking.wrong {
        return Err(refusal);
    }
    match read {
        Ok(()) => {}
        Err(e) if e.classify() == Category::Data => {
            let (place, what) = if taking.list { ("requests: ", "list") } else { ("", "dictionary") };
            return Err(Refusal::invalid(format!("{place}Input should be a valid {what}")));
        }
        Err(e) => return Err(Refusal::invalid(format!("The request body is not valid JSON: {e}"))),
    }
    let Intake { items, spool } = taking.intake;
    match items.len() {
        0 if taking.list => {
            Err(Refusal::invalid("requests: List should have at least 1 item after validation, not 0"))
        }
        0 => Err(Refusal::invalid("requests: Field required")),
        _ => match twice(&items) {
            Some(id) => Err(Refusal::invalid(format!(
                "requests: custom_id's must be unique within a batch. Duplicate custom_id found: {id}"
            ))),
            None => Ok(Intake { items, spool }),
        },
    }
}

/// An id that two items have.
fn twice(items: &[BatchItem]) -> Option<&str> {
    let mut ids: Vec<&str> = items.iter().map(|item| &*item.custom_id).collect();
    ids.sort_unstable();
    ids.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// A body that is being read.
struct Taking {
    intake: Intake,
    /// Whether `requests` was come to.
    list: bool,
    /// What it is refused for, where that is more than JSON can say.
    wrong: Option<Refusal>,
}

impl Taking {
    fn refuse<E: Error>(&mut self, refusal: Refusal) -> E {
        self.wrong = Some(refusal);
        E::custom("refused")
    }

    /// Takes one of `requests`.
    fn take(&mut self, item: &RawValue) -> Result<(), Refusal> {
        let items = &mut self.intake.items;
        let at = format!("requests.{}", items.len());
        let invalid = |what: &str| Refusal::invalid(format!("{at}{what}"));
        if items.len() == MAX_ITEMS {
            return Err(Refusal::invalid(format!(
                "requests: List should have at most {MAX_ITEMS} items after validation"
            )));
        }
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_str(item.get()).map_err(|_| invalid(": Input should be a valid dictionary"))?;
        let field = |name: &str| {
            fields.get(name).ok_or_else(|| invalid(&format!(".{name}: Field required"))).map(|raw| raw.get())
        };
        let custom_id: String = serde_json::from_str(field("custom_id")?)
            .map_err(|_| invalid(".custom_id: Input should be a valid string"))?;
        check_id(&custom_id).map_err(|what| invalid(&format!(".custom_id: {what}")))?;
        let params = field("params")?;
        if !params.starts_with('{') {
            return Err(invalid(".params: Input should be a valid dictionary"));
        }
        if let Some(name) = fields.keys().find(|name| !matches!(name.as_str(), "custom_id" | "params")) {
            return Err(invalid(&format!(".{name}: Extra inputs are not permitted")));
        }
        let params = self.intake.spool.append(params.as_bytes()).map_err(|error| no_file(&error))?;
        items.push(BatchItem::new(custom_id, params));
        Ok(())
    }
}

fn check_id(id: &str) -> Result<(), String> {
    if id.chars().count() > MAX_ID {
        return Err(format!("String should have at most {MAX_ID} characters"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if id.is_empty() || !id.chars().all(allowed) {
        return Err(format!("String should match pattern '^[a-zA-Z0-9_-]{{1,{MAX_ID}}}$'"));
    }
    Ok(())
}

/// The body.
struct Whole<'a>(&'a mut Taking);

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(name) = entries.next_key::<String>()? {
            if name != "requests" {
                let refusal = Refusal::invalid(format!("{name}: Extra inputs are not permitted"));
                return Err(self.0.refuse(refusal));
            }
            self.0.list = true;
            entries.next_value_seed(List(&mut *self.0))?;
        }
        Ok(())
    }
}

/// Its `requests`.
struct List<'a>(&'a mut Taking);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element::<Box<RawValue>>()? {
            if let Err(refusal) = self.0.take(&item) {
                return Err(self.0.refuse(refusal));
            }
        }
        Ok(())
    }
}
