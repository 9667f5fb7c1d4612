//! The event stream's form: bytes to events.
//!
//! Source: the HTML standard's "server-sent events". Lines end with LF, CR LF or CR; a byte order mark may
//! come first; `data` lines of one event are joined by LF; what is no UTF-8 is U+FFFD. Unlike a browser's,
//! this reader takes a last event without its blank line: a stream that ends there has said it all the same.

/// The most bytes of one event, or of one line. Far more than the longest answer has as a whole.
pub(crate) const MOST_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name, where it has one.
    pub name: Option<String>,
    pub data: String,
}

/// An event, or a line, is larger than any may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Puts events together from bytes, however they are cut.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    name: Option<String>,
    data: Option<Vec<u8>>,
    /// Whether the first line is read: it may begin with a byte order mark.
    begun: bool,
    /// Whether the last byte was a CR, so that an LF after it ends no line of its own.
    after_cr: bool,
}

impl Events {
    /// Takes bytes up to the end of the next event. Answers how many they are, and the event if one came.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(usize, Option<Event>), TooLarge> {
        let mut at = 0;
        while at < bytes.len() {
            if std::mem::take(&mut self.after_cr) && bytes[at] == b'\n' {
                at += 1;
                continue;
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', &bytes[at..]).map(|end| at + end) else {
                self.grow(&bytes[at..])?;
                return Ok((bytes.len(), None));
            };
            let line = &bytes[at..end];
            self.after_cr = bytes[end] == b'\r';
            at = end + 1;
            if let Some(event) = self.end_of_line(line)? {
                return Ok((at, Some(event)));
            }
        }
        Ok((at, None))
    }

    /// The stream has ended: what came without its blank line is an event too.
    pub(crate) fn finish(mut self) -> Option<Event> {
        if !self.line.is_empty() {
            self.end_of_line(b"").ok()?;
        }
        self.event()
    }

    // The rest of a line that may have begun.
    fn end_of_line(&mut self, rest: &[u8]) -> Result<Option<Event>, TooLarge> {
        if self.line.is_empty() {
            return if rest.len() > MOST_EVENT_BYTES { Err(TooLarge) } else { self.take_line(rest) };
        }
        self.grow(rest)?;
        let line = std::mem::take(&mut self.line);
        self.take_line(&line)
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + bytes.len() > MOST_EVENT_BYTES {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Event>, TooLarge> {
        let mark = !std::mem::replace(&mut self.begun, true);
        let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| mark).unwrap_or(line);
        if line.is_empty() {
            return Ok(self.event());
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => {
                let data = self.data.get_or_insert_with(|| Vec::with_capacity(value.len() + 1));
                if data.len() + value.len() >= MOST_EVENT_BYTES {
                    return Err(TooLarge);
                }
                data.extend_from_slice(value);
                data.push(b'\n');
            }
            // Longer than any that is known is none that is known.
            b"event" => self.name = Some(String::from_utf8_lossy(&value[..value.len().min(64)]).into_owned()),
            _ => {}
        }
        Ok(None)
    }

    // Comments and fields without data are no event.
    fn event(&mut self) -> Option<Event> {
        let name = self.name.take().filter(|name| !name.is_empty());
        let mut data = self.data.take()?;
        data.pop();
        let data = String::from_utf8(data)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        (!data.is_empty()).then_some(Event { name, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(parts: &[&[u8]]) -> Vec<(Option<String>, String)> {
        let mut reader = Events::default();
        let mut events = Vec::new();
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                let (taken, event) = reader.take(rest).expect("small");
                events.extend(event);
                rest = &rest[taken..];
            }
        }
        events.extend(reader.finish());
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    fn named(name: &str, data: &str) -> (Option<String>, String) {
        (Some(name.to_owned()), data.to_owned())
    }

    #[test]
    fn every_form_of_a_stream_says_the_same() {
        let plain = "event: a\ndata: {\"x\":\"\u{e9}\u{1f600}\"}\n\nevent: b\ndata: 2\n\n";
        let same = vec![named("a", "{\"x\":\"\u{e9}\u{1f600}\"}"), named("b", "2")];
        let forms = [
            plain.to_owned(),
            plain.replace('\n', "\r\n"),
            plain.replace('\n', "\r"),
            format!("\u{feff}{plain}"),
            format!(": hello\n\nid: 7\nretry: 10\n\nevent: nothing\n\n{plain}:\n: bye\n\n"),
            plain.replace(": ", ":"),
            plain.trim_end().to_owned(),
            plain.trim_end_matches('\n').to_owned() + "\n",
        ];
        for form in forms {
            let bytes = form.as_bytes();
            assert_eq!(events(&[bytes]), same, "{form:?}");
            let single: Vec<_> = bytes.chunks(1).collect();
            assert_eq!(events(&single), same, "byte by byte: {form:?}");
            let three: Vec<_> = bytes.chunks(3).collect();
            assert_eq!(events(&three), same, "by threes: {form:?}");
        }
    }

    #[test]
    fn lines_of_data_are_joined_and_what_is_no_utf_8_is_marked() {
        assert_eq!(events(&[b"data: {\ndata:\ndata:  1}\n\n"]), [(None, "{\n\n 1}".to_owned())]);
        assert_eq!(events(&[b"data: \xff\n\n"]), [(None, "\u{fffd}".to_owned())]);
        assert_eq!(events(&[b"data\n\ndata:\n\n"]), []);
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let block = vec![b'x'; 1024 * 1024];
        for head in [&b"data: "[..], b"data: y\n", b": "] {
            let mut reader = Events::default();
            reader.take(head).expect("small");
            let mut bytes = 0;
            while reader.take(&block).is_ok() {
                bytes += block.len();
                assert!(bytes <= MOST_EVENT_BYTES, "{bytes} bytes of one line are kept");
            }
        }
        let mut reader = Events::default();
        let line = [b"data: ", &block[..], b"\n"].concat();
        let lines = (0..32).take_while(|_| reader.take(&line).is_ok()).count();
        assert!(lines < 17, "{lines} lines of one event are kept");
    }
}
