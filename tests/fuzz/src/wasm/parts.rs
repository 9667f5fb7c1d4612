//! A WebAssembly file taken apart into its sections, so that they can be changed and put together again.

/// The bytes of a header: a magic word, a version and a layer.
pub(super) const HEADER: usize = 8;
/// What every header begins with.
const MAGIC: &[u8] = b"\0asm";
/// The layer in the header of a component.
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];
/// Sections of a component that are files themselves: a core module, and a component.
const NESTED: [u8; 2] = [1, 4];

/// A core module or a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) header: [u8; HEADER],
    pub(super) sections: Vec<Section>,
}

/// A section of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) id: u8,
    pub(super) body: Body,
    /// The length that it says it has, where that is not so.
    pub(super) claimed: Option<u64>,
}

/// What a section has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    Part(Part),
}

impl Part {
    /// Takes a file apart; none where it is no whole one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let header: [u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        if !header.starts_with(MAGIC) {
            return None;
        }
        let is_component = header[4..] == COMPONENT;
        let (mut rest, mut sections) = (&bytes[HEADER..], Vec::new());
        while let Some((&id, after)) = rest.split_first() {
            let (length, after) = number(after)?;
            let (body, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            let nested = (is_component && NESTED.contains(&id)).then(|| Self::read(body)).flatten();
            let body = nested.map_or_else(|| Body::Bytes(body.to_vec()), Body::Part);
            sections.push(Section { id, body, claimed: None });
            rest = after;
        }
        Some(Self { header, sections })
    }

    /// Puts it together again.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_vec();
        for section in &self.sections {
            let inner;
            let body = match &section.body {
                Body::Bytes(body) => body,
                Body::Part(part) => {
                    inner = part.bytes();
                    &inner
                }
            };
            bytes.push(section.id);
            bytes.extend(leb(section.claimed.unwrap_or(body.len() as u64)));
            bytes.extend_from_slice(body);
        }
        bytes
    }

    /// Whether it is a component.
    #[cfg(test)]
    fn is_component(&self) -> bool {
        self.header[4..] == COMPONENT
    }
}

impl Section {
    /// A section of these bytes.
    pub(super) fn of(id: u8, body: Vec<u8>) -> Self {
        Self { id, body: Body::Bytes(body), claimed: None }
    }

    /// A component in a section of another one.
    pub(super) fn around(part: Part) -> Self {
        Self { id: NESTED[1], body: Body::Part(part), claimed: None }
    }
}

/// The header of a component, or of a core module.
pub(super) fn header(is_component: bool) -> [u8; HEADER] {
    let mut header = [0, b'a', b's', b'm', 1, 0, 0, 0];
    if is_component {
        header[4..].copy_from_slice(&COMPONENT);
    }
    header
}

/// A number as WebAssembly has it, seven bits a byte.
pub(super) fn leb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Reads such a number, and what follows it.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(length);
    let number = number
        .iter()
        .rev()
        .try_fold(0_u64, |number, byte| Some(number.checked_mul(128)? | u64::from(byte & 0x7f)))?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_apart_and_is_the_same_again() {
        let module = [header(false).as_slice(), &[1, 2, 7, 8], &[10, 0]].concat();
        let inner = [header(true).as_slice(), &[7, 1, 9]].concat();
        let length = u8::try_from(module.len()).expect("a short module");
        let whole = [header(true).as_slice(), &[1, length], &module, &[4, 11], &inner, &[0, 1, 0]].concat();
        let part = Part::read(&whole).expect("a component");
        assert_eq!(part.sections.len(), 3);
        assert!(matches!(&part.sections[0].body, Body::Part(module) if module.sections.len() == 2));
        assert!(matches!(&part.sections[1].body, Body::Part(inner) if inner.is_component()));
        assert_eq!(part.bytes(), whole);
        assert_eq!(Part::read(&whole[..whole.len() - 1]), None, "it has no end");
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for value in [0, 1, 127, 128, 300, 1 << 35, u64::MAX] {
            assert_eq!(number(&[leb(value), vec![5]].concat()), Some((value, [5].as_slice())));
        }
        assert_eq!(number(&[0x80; 12]), None);
    }
}
