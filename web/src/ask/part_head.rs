//! The head of a part of a form: what it is called, and the file that it is.

use percent_encoding::percent_decode_str;

/// What stands before a part's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    /// The name of its field.
    pub(super) name: String,
    /// The name of the file, where it is one.
    pub(super) file: Option<String>,
    /// Its media type, where it says one.
    pub(super) media_type: Option<String>,
}

impl PartHead {
    /// Reads the lines of a head (RFC 7578). A sentence says what is wrong with it.
    pub(super) fn read(head: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(head).map_err(|_| "the head of a part is no UTF-8".to_owned())?;
        let mut read = Self::default();
        let mut named = false;
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            let Some((header, value)) = line.split_once(':') else {
                return Err("a line in the head of a part is no header".to_owned());
            };
            let value = value.trim();
            match header.trim().to_ascii_lowercase().as_str() {
                "content-disposition" if named => {
                    return Err("a part has two Content-Dispositions".to_owned());
                }
                "content-disposition" => {
                    named = true;
                    read.dispose(value)?;
                }
                "content-type" => read.media_type = Some(value.to_owned()),
                // Nobody may send it (RFC 7578, 4.7), and nobody decodes it.
                "content-transfer-encoding"
                    if !["7bit", "8bit", "binary"].iter().any(|plain| value.eq_ignore_ascii_case(plain)) =>
                {
                    return Err(format!("a part is encoded as `{value}`; send it as it is"));
                }
                _ => {}
            }
        }
        if named { Ok(read) } else { Err("a part has no Content-Disposition".to_owned()) }
    }

    fn dispose(&mut self, value: &str) -> Result<(), String> {
        let (kind, rest) = value.split_once(';').unwrap_or((value, ""));
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(format!("a part is `{}`, and not form-data", kind.trim()));
        }
        let (mut name, mut file, mut exact) = (None, None, None);
        for (key, value) in parameters(rest)? {
            let place = match key.as_str() {
                "name" => &mut name,
                "filename" => &mut file,
                "filename*" => &mut exact,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(format!("a part says `{key}` twice"));
            }
        }
        self.name = name.ok_or("a part has no name")?;
        // RFC 7578 forbids the second form; some clients send it all the same, and mean it.
        self.file = match exact {
            Some(exact) => Some(extended(&exact).ok_or("a part has a `filename*` that cannot be read")?),
            None => file,
        };
        Ok(())
    }
}

/// The parameters of a header, each by its name in lower case.
fn parameters(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([';', ' ', '\t']);
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or("a part's Content-Disposition cannot be read")?;
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quotes(quoted).ok_or("a part's name or filename has no closing quote")?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        found.push((key.trim().to_ascii_lowercase(), value));
        rest = after.trim_start_matches([';', ' ', '\t']);
    }
    Ok(found)
}

/// A text in quotes, and what follows it. Browsers write a quote and line ends as `%22`, `%0D` and `%0A` (WHATWG), others
/// a quote and a backslash with a backslash before it.
fn quotes(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let value = value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
                return Some((value, &text[at + 1..]));
            }
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => value.push(next),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    None
}

/// `UTF-8''na%C3%AFve.txt` (RFC 8187).
fn extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, value) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(disposition: &str) -> Option<String> {
        let head = format!("Content-Disposition: form-data; name=\"file\"; {disposition}\r\n");
        PartHead::read(head.as_bytes()).unwrap_or_else(|why| panic!("{disposition}: {why}")).file
    }

    #[test]
    fn a_files_name_is_read_however_a_client_writes_it() {
        for (written, meant) in [
            ("filename=\"a b.txt\"", "a b.txt"),
            ("filename=plain.txt", "plain.txt"),
            ("filename=\"a;b=c.txt\"", "a;b=c.txt"),
            ("filename=\"a%22b.txt\"", "a\"b.txt"),
            ("filename=\"a\\\"b.txt\"", "a\"b.txt"),
            ("filename=\"C:\\dir\\a.txt\"", "C:\\dir\\a.txt"),
            ("filename=\"50%25 off.txt\"", "50%25 off.txt"),
            ("filename=\"a%0D%0Ab\"", "a\r\nb"),
            ("filename=\"ü.txt\"", "ü.txt"),
            ("filename=\"x\"; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
            ("filename=\"../../etc/passwd\"", "../../etc/passwd"),
            ("filename=\"\"", ""),
        ] {
            assert_eq!(file(written).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(file("more=\"1\""), None);
    }

    #[test]
    fn a_head_that_makes_no_sense_says_what_is_wrong() {
        for (head, says) in [
            (&b""[..], "no Content-Disposition"),
            (b"Content-Type: text/plain", "no Content-Disposition"),
            (b"nonsense", "no header"),
            (b"Content-Disposition: attachment; name=\"a\"", "not form-data"),
            (b"Content-Disposition: form-data", "no name"),
            (b"Content-Disposition: form-data; name=\"a", "closing quote"),
            (b"Content-Disposition: form-data; name", "cannot be read"),
            (b"Content-Disposition: form-data; name=\"a\"; name=\"b\"", "twice"),
            (b"Content-Disposition: form-data; name=\"a\"; filename*=latin1''x", "filename*"),
            (
                b"Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
                "two Content-Dispositions",
            ),
            (
                b"Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
                "encoded as `base64`",
            ),
            (b"Content-Disposition: form-data; name=\"\xff\"", "no UTF-8"),
        ] {
            let told = PartHead::read(head).expect_err(says);
            assert!(told.contains(says), "{told}");
        }
        let head = PartHead::read(b"content-disposition:form-data;name=job\r\ncontent-type: a/b; c=d\r\n");
        let read = head.expect("it can be read");
        assert_eq!(
            (read.name.as_str(), read.file, read.media_type.as_deref()),
            ("job", None, Some("a/b; c=d"))
        );
    }
}
