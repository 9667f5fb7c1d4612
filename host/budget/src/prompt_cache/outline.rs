//! The beginnings of a prompt that a model's cache can keep: tools and system, and each turn's end, each by its digest.
//!
//! Source: the Messages API's prompt caching. What is cached goes by all that stands before it, in the order tools, system,
//! messages; `tool_choice`, `thinking` and whether there are pictures count from the messages on.

use anvil_types::{ContentBlock, Message, Request, RequestOption};
use blake3::Hasher;
use serde::Serialize;

/// A digest of all of a prompt up to a place.
pub type Digest = [u8; 32];

/// Bytes of a system's text that are looked at one by one.
const LOOKED_AT: usize = 32 << 10;

/// Where a beginning ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Behind tools and system: what is the same in many conversations.
    Stem,
    /// Behind the message of this index.
    Turn(usize),
}

/// One beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// Where it ends.
    pub place: Place,
    /// Of all of it.
    pub digest: Digest,
    /// Bytes of it, as JSON.
    pub bytes: u64,
    /// Content blocks in it.
    pub blocks: usize,
}

/// All beginnings of a prompt, by rising length. There is a turn, so there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    beginnings: Vec<Beginning>,
    /// Of the tools alone, and their bytes.
    pub tools: (Digest, u64),
    /// The system's text, as far as one is looked at byte by byte.
    pub system: Box<str>,
}

/// Writes into a hash, and counts.
struct Counting<'h> {
    hasher: &'h mut Hasher,
    bytes: u64,
}

impl std::io::Write for Counting<'_> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.hasher.update(piece);
        self.bytes += piece.len() as u64;
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Adds a part to a hash; its bytes.
fn add(hasher: &mut Hasher, part: &impl Serialize) -> u64 {
    let mut counting = Counting { hasher, bytes: 0 };
    serde_json::to_writer(&mut counting, part).expect("its keys are strings, and nothing fails to be hashed");
    let bytes = counting.bytes;
    hasher.update(&[0]);
    bytes
}

/// Adds a turn to a hash; its bytes. Pictures go into it as they are, and count as what they are in base64.
fn add_turn(hasher: &mut Hasher, message: &Message) -> u64 {
    let mut bytes = add(hasher, &message.role);
    for block in &message.content {
        bytes += match block {
            ContentBlock::Image { media_type, data } => {
                let kind = add(hasher, &("image", media_type, data.len()));
                hasher.update(data);
                kind + (data.len() as u64).div_ceil(3) * 4
            }
            block => add(hasher, block),
        };
    }
    // So that turns do not run into one another.
    hasher.update(&[1]);
    bytes
}

impl Outline {
    /// Of a request; none where it has no turn.
    pub fn of(request: &Request) -> Option<Self> {
        let mut hasher = Hasher::new();
        let mut bytes = if request.tools.is_empty() { 0 } else { add(&mut hasher, &request.tools) };
        let tools = (*hasher.finalize().as_bytes(), bytes);
        bytes += add(&mut hasher, &request.system);
        let mut beginnings = Vec::with_capacity(request.messages.len() + 1);
        let stem = *hasher.finalize().as_bytes();
        if !request.tools.is_empty() || request.system.is_some() {
            beginnings.push(Beginning { place: Place::Stem, digest: stem, bytes, blocks: 1 });
        }
        let pictures = request
            .messages
            .iter()
            .flat_map(|message| &message.content)
            .any(|block| matches!(block, ContentBlock::Image { .. }));
        let settings =
            [RequestOption::ToolChoice, RequestOption::Thinking].map(|option| request.option(option));
        add(&mut hasher, &(settings, pictures));
        let mut blocks = 1;
        for (at, message) in request.messages.iter().enumerate() {
            bytes += add_turn(&mut hasher, message);
            blocks += message.content.len();
            let digest = *hasher.finalize().as_bytes();
            beginnings.push(Beginning { place: Place::Turn(at), digest, bytes, blocks });
        }
        let has_turn = beginnings.last().is_some_and(|last| last.place != Place::Stem);
        let system = request.system.as_deref().unwrap_or_default();
        let system = system[..system.floor_char_boundary(LOOKED_AT)].into();
        has_turn.then_some(Self { beginnings, tools, system })
    }

    /// Of a prompt of which no more is known than this: its stem's digest and bytes, where it has one, and of each turn the
    /// digest, the bytes up to its end and the content blocks up to there.
    ///
    /// # Panics
    /// Where there is no turn.
    pub fn told(stem: Option<(Digest, u64)>, turns: &[(Digest, u64, usize)]) -> Self {
        assert!(!turns.is_empty(), "a prompt has a turn");
        let stem = stem.map(|(digest, bytes)| Beginning { place: Place::Stem, digest, bytes, blocks: 1 });
        let turn = |(at, (digest, bytes, blocks)): (usize, &(Digest, u64, usize))| Beginning {
            place: Place::Turn(at),
            digest: *digest,
            bytes: *bytes,
            blocks: *blocks,
        };
        let beginnings = stem.into_iter().chain(turns.iter().enumerate().map(turn)).collect();
        Self { beginnings, tools: ([0; 32], 0), system: Box::default() }
    }

    /// All of it.
    pub fn whole(&self) -> &Beginning {
        self.beginnings.last().expect("there is a turn")
    }

    /// Tools and system, where there are some.
    pub fn stem(&self) -> Option<&Beginning> {
        self.beginnings.first().filter(|first| first.place == Place::Stem)
    }

    /// By falling length.
    pub fn longest_first(&self) -> impl Iterator<Item = &Beginning> {
        self.beginnings.iter().rev()
    }

    /// The turns, in their order.
    pub fn turns(&self) -> impl Iterator<Item = &Beginning> {
        self.beginnings.iter().filter(|beginning| beginning.place != Place::Stem)
    }

    /// How many tokens a beginning probably has, where the whole has so many.
    pub fn tokens(&self, beginning: &Beginning, whole: u64) -> u64 {
        let share = u128::from(whole) * u128::from(beginning.bytes) / u128::from(self.whole().bytes.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Role, Tool};

    fn request(system: &str, turns: &[&str]) -> Request {
        let message = |text: &&str| Message {
            role: Role::User,
            content: vec![ContentBlock::Text { text: (*text).to_owned() }],
        };
        Request {
            system: Some(system.to_owned()),
            messages: turns.iter().map(message).collect(),
            tools: Vec::new(),
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        }
    }

    fn digests(request: &Request) -> Vec<Digest> {
        let outline = Outline::of(request).expect("it has a turn");
        outline.beginnings.iter().map(|beginning| beginning.digest).collect()
    }

    #[test]
    fn a_longer_conversation_begins_with_the_shorter_one() {
        let (short, long) = (digests(&request("s", &["a", "b"])), digests(&request("s", &["a", "b", "c"])));
        assert_eq!((short.len(), long.len()), (3, 4));
        assert_eq!(short[..], long[..3]);
    }

    #[test]
    fn what_stands_before_changes_all_that_comes_after_it_and_nothing_else() {
        let plain = digests(&request("s", &["a", "b"]));
        let differs = |changed: &Request| {
            let changed = digests(changed);
            plain.iter().zip(&changed).map(|(one, other)| one != other).collect::<Vec<_>>()
        };
        assert_eq!(differs(&request("t", &["a", "b"])), [true, true, true]);
        assert_eq!(differs(&request("s", &["a", "c"])), [false, false, true]);
        let mut tool = request("s", &["a", "b"]);
        tool.tools = vec![Tool { name: "t".into(), description: "d".into(), input_schema: "{}".into() }];
        assert_eq!(differs(&tool), [true, true, true]);
        for (option, value) in
            [("tool_choice", "{\"type\":\"any\"}"), ("thinking", "{\"type\":\"disabled\"}")]
        {
            let mut chosen = request("s", &["a", "b"]);
            chosen.options = vec![(option.into(), value.into())];
            assert_eq!(differs(&chosen), [false, true, true], "{option}");
        }
        let mut picture = request("s", &["a", "b"]);
        picture.messages[1].content[0] =
            ContentBlock::Image { media_type: "image/png".into(), data: vec![1] };
        assert_eq!(differs(&picture), [false, true, true]);
        let mut warmer = request("s", &["a", "b"]);
        warmer.options = vec![("temperature".into(), "1".into())];
        assert_eq!(differs(&warmer), [false, false, false]);
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(digests(&request("s", &["ab", "c"]))[2], digests(&request("s", &["a", "bc"]))[2]);
        let bare = Request { system: None, ..request("", &["a"]) };
        assert_eq!(Outline::of(&bare).expect("a turn").stem(), None);
        assert_eq!(Outline::of(&Request { messages: Vec::new(), ..bare }), None);
    }
}
