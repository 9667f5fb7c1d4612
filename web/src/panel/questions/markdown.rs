//! Markdown of a stranger as HTML in which nothing of the stranger's is more than text: HTML is shown as it is written,
//! a link and a picture as their words and their address.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// How deep blocks stand within each other; what is deeper stands beside each other.
const DEEPEST: usize = 16;

/// The text as HTML that is safe to be shown.
pub(super) fn shown(text: &str) -> String {
    let mut plain = Plain::default();
    let events = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH);
    let mut out = String::new();
    html::push_html(&mut out, events.filter_map(|event| plain.event(event)));
    out
}

/// What is open while a text is read.
#[derive(Default)]
struct Plain {
    depth: usize,
    /// The addresses of links and pictures that are open.
    addresses: Vec<String>,
}

impl Plain {
    fn event<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.addresses.push(dest_url.into_string());
                None
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                self.addresses.pop().map(|address| Event::Text(format!(" ({address})").into()))
            }
            Event::Start(tag) => {
                self.depth += 1;
                (self.depth <= DEEPEST).then(|| Event::Start(tame(tag)))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                (self.depth < DEEPEST).then(|| Event::End(tame_end(end)))
            }
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            other => Some(other),
        }
    }
}

// The page has headings of its own above these.
fn tame(tag: Tag<'_>) -> Tag<'_> {
    match tag {
        Tag::HtmlBlock => Tag::Paragraph,
        Tag::Heading { .. } => {
            Tag::Heading { level: HeadingLevel::H4, id: None, classes: Vec::new(), attrs: Vec::new() }
        }
        // The words after the fence are the stranger's.
        Tag::CodeBlock(_) => Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented),
        other => other,
    }
}

fn tame_end(end: TagEnd) -> TagEnd {
    match end {
        TagEnd::HtmlBlock => TagEnd::Paragraph,
        TagEnd::Heading(_) => TagEnd::Heading(HeadingLevel::H4),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_strangers_text_becomes_html_a_link_or_a_picture() {
        for (text, html) in [
            ("**now** or _later_", "<p><strong>now</strong> or <em>later</em></p>\n"),
            ("<b onclick=x>hi</b>", "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>\n"),
            ("<script>\nalert(1)\n</script>", "<p>&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p>\n"),
            ("[here](https://x.test 'a')", "<p>here (https://x.test)</p>\n"),
            ("![see](https://x.test/a.png)", "<p>see (https://x.test/a.png)</p>\n"),
            ("[a](javascript:alert)", "<p>a (javascript:alert)</p>\n"),
            ("<https://x.test>", "<p>https://x.test (https://x.test)</p>\n"),
            ("# Big", "<h4>Big</h4>\n"),
            ("```x\" y=\"\na<b\n```", "<pre><code>a&lt;b\n</code></pre>\n"),
        ] {
            assert_eq!(shown(text), html, "{text}");
        }
    }

    #[test]
    fn blocks_stand_within_each_other_only_so_deep() {
        let deep = shown(&format!("{} x", ">".repeat(5_000)));
        assert!(deep.matches("<blockquote>").count() <= DEEPEST, "{}", deep.len());
        assert_eq!(deep.matches("<blockquote>").count(), deep.matches("</blockquote>").count());
    }
}
