//! What is done to a plugin file.

use super::chance::Chance;
use super::parts::{Body, Part, Section, header, leb};

/// The most bytes that are put in, or brought over from another file, at once.
const PIECE: usize = 4_096;
/// The deepest that a component is buried in others.
const DEEPEST: usize = 300;
/// Numbers that readers trip over: edges of what they hold counts and lengths in.
const NUMBERS: [u64; 10] = [
    0,
    127,
    128,
    u16::MAX as u64,
    1_000_000,
    i32::MAX as u64,
    1 << 31,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX,
];
/// Names of custom sections that some tool reads.
const CUSTOM: [&str; 10] = [
    "name",
    "producers",
    "component-name",
    "component-type",
    "component-type:guest:anvil:agent@0.1.0:agent:encoded world",
    "dylink.0",
    "linking",
    "reloc.CODE",
    "target_features",
    "",
];

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// Bits turned, anywhere.
    Bits,
    /// Bytes of one section changed, put in or taken out; the lengths around it hold.
    InSection,
    /// Letters of names changed.
    Letters,
    /// Bytes of another plugin over some of its own.
    Spliced,
    /// All that follows taken out.
    CutOff,
    /// Two sections in each other's place.
    Swapped,
    /// A section said again.
    Doubled,
    /// A section taken out.
    Removed,
    /// A section of another plugin put in.
    Foreign,
    /// A section that says it has another length than it has, as a rule a huge one.
    Length,
    /// A section that says it has another count of things than it has, as a rule a huge one.
    Count,
    /// A custom section that some tool reads, with something else in it.
    Custom,
    /// Random bytes behind a right header, or in sections of the right form.
    Noise,
    /// Within components within components.
    Buried,
}

impl Damage {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::Bits,
        Self::InSection,
        Self::Letters,
        Self::Spliced,
        Self::CutOff,
        Self::Swapped,
        Self::Doubled,
        Self::Removed,
        Self::Foreign,
        Self::Length,
        Self::Count,
        Self::Custom,
        Self::Noise,
        Self::Buried,
    ];

    /// Whether it is done to sections, and not to the bytes of the whole.
    pub(super) fn is_of_sections(self) -> bool {
        !matches!(self, Self::Bits | Self::Spliced | Self::CutOff)
    }

    /// Done to sections. `other` is another plugin.
    pub(super) fn to_sections(self, whole: &mut Part, other: &Part, chance: &mut Chance) {
        if self == Self::Noise {
            *whole = noise(chance);
            return;
        }
        if self == Self::Buried {
            for _ in 0..=chance.below(DEEPEST) {
                let inner = std::mem::replace(whole, Part { header: header(true), sections: Vec::new() });
                whole.sections.push(Section::around(inner));
            }
            return;
        }
        let part = somewhere(whole, chance);
        let count = part.sections.len();
        let at = chance.below(count);
        let Some(section) = part.sections.get_mut(at) else { return };
        match self {
            Self::InSection => in_section(section, chance),
            Self::Letters => letters(section, chance),
            Self::Swapped => part.sections.swap(at, chance.below(count)),
            Self::Doubled => {
                let again = section.clone();
                part.sections.insert(chance.below(count + 1), again);
            }
            Self::Removed => drop(part.sections.remove(at)),
            Self::Foreign => {
                let mut other = other.clone();
                let other = somewhere(&mut other, chance);
                if !other.sections.is_empty() {
                    let foreign = other.sections.swap_remove(chance.below(other.sections.len()));
                    part.sections.insert(at, foreign);
                }
            }
            Self::Length => section.claimed = Some(chance.of(&NUMBERS)),
            Self::Count => {
                if let Body::Bytes(bytes) = &mut section.body {
                    let own = bytes.iter().take(10).take_while(|byte| *byte & 0x80 != 0).count() + 1;
                    bytes.splice(..own.min(bytes.len()), leb(chance.of(&NUMBERS)));
                }
            }
            Self::Custom => part.sections.insert(at, custom(other, chance)),
            Self::Bits | Self::Spliced | Self::CutOff | Self::Noise | Self::Buried => {}
        }
    }

    /// Done to the bytes of the whole. `other` is another plugin.
    pub(super) fn to_bytes(self, bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
        match self {
            Self::Bits => {
                for _ in 0..=chance.below(8) {
                    let at = chance.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << chance.below(8);
                    }
                }
            }
            Self::Spliced => {
                let from = chance.below(other.len());
                let piece = &other[from..(from + chance.below(PIECE)).min(other.len())];
                let at = chance.below(bytes.len() + 1);
                let end = if chance.one_in(2) { at } else { (at + piece.len()).min(bytes.len()) };
                bytes.splice(at..end, piece.iter().copied());
            }
            Self::CutOff => bytes.truncate(chance.below(bytes.len() + 1)),
            _ => {}
        }
    }
}

/// A part that something is done to: the whole, or one within it.
fn somewhere<'a>(part: &'a mut Part, chance: &mut Chance) -> &'a mut Part {
    let nested: Vec<_> =
        (0..part.sections.len()).filter(|at| matches!(part.sections[*at].body, Body::Part(_))).collect();
    if nested.is_empty() || chance.one_in(2) {
        return part;
    }
    match &mut part.sections[nested[chance.below(nested.len())]].body {
        Body::Part(inner) => somewhere(inner, chance),
        Body::Bytes(_) => unreachable!("only parts were looked for"),
    }
}

fn in_section(section: &mut Section, chance: &mut Chance) {
    let Body::Bytes(bytes) = &mut section.body else { return };
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(8)).min(bytes.len());
        match chance.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let again = bytes[at..end].repeat(chance.below(40));
                bytes.splice(at..at, again);
            }
            2 => drop(bytes.splice(at..end, leb(chance.of(&NUMBERS)))),
            _ => bytes[at..end].iter_mut().for_each(|byte| *byte = chance.byte()),
        }
    }
}

/// Names stay as long as they are, and what they name becomes another thing.
fn letters(section: &mut Section, chance: &mut Chance) {
    let Body::Bytes(bytes) = &mut section.body else { return };
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inside = |three: &[u8]| three.iter().all(is_letter);
    let places: Vec<_> =
        (1..bytes.len()).filter(|at| bytes.get(at - 1..at + 2).is_some_and(inside)).collect();
    for _ in 0..=chance.below(2) {
        if let Some(place) = places.get(chance.below(places.len())) {
            bytes[*place] = chance.of(b"abcdefghijklmnopqrstuvwxyz0123456789");
        }
    }
}

fn custom(other: &Part, chance: &mut Chance) -> Section {
    let name = chance.of(&CUSTOM);
    let mut body = leb(name.len() as u64);
    body.extend_from_slice(name.as_bytes());
    if chance.one_in(2) {
        body.extend(chance.bytes(PIECE));
    } else {
        let mut other = other.clone();
        let other = somewhere(&mut other, chance);
        body.extend(other.sections.get(chance.below(other.sections.len())).map_or_else(
            Vec::new,
            |section| match &section.body {
                Body::Bytes(bytes) => bytes.iter().copied().take(PIECE).collect(),
                Body::Part(part) => part.header.to_vec(),
            },
        ));
    }
    Section::of(0, body)
}

fn noise(chance: &mut Chance) -> Part {
    let is_component = chance.one_in(2);
    let sections = (0..chance.below(12)).map(|_| {
        let id = u8::try_from(chance.below(14)).unwrap_or(0);
        let mut section = Section::of(id, chance.bytes(200));
        if chance.one_in(8) {
            section.claimed = Some(chance.of(&NUMBERS));
        }
        section
    });
    Part { header: header(is_component), sections: sections.collect() }
}
