//! Answers as no Claude would write them, and questions as no agent should ask them.

use crate::agent::body::Body;
use crate::upstream::answer::Answer;
use crate::upstream::event_stream::{Event, Events};
use anvil_fuzz::Driver;
use anvil_types::{Request, Usage};

/// The events of a stream that comes in pieces.
fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let (mut reader, mut events) = (Events::default(), Vec::new());
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            let Ok((taken, event)) = reader.take(rest) else { return events };
            assert!(taken > 0, "a piece is not read on");
            events.extend(event);
            rest = &rest[taken..];
        }
    }
    events.extend(reader.finish());
    events
}

/// What an answer told that it used, as far as it made sense.
fn answer(bytes: &[u8]) -> Usage {
    let whole = events(std::iter::once(bytes));
    assert_eq!(whole, events(bytes.chunks(7)), "where a stream is cut says nothing");
    let mut answer = Answer::default();
    let mut told = Usage::default();
    for event in &whole {
        if answer.take(event).is_err() {
            break;
        }
        let now = answer.usage();
        assert!(
            now.input_tokens >= told.input_tokens && now.output_tokens >= told.output_tokens,
            "a count fell"
        );
        told = now;
    }
    let _ =
        (answer.is_whole(), answer.has_content(), answer.models().len(), answer.stop_reason().map(str::len));
    answer.take_content();
    told
}

const STREAMS: Driver<Usage> = Driver {
    corpus: &[
        b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude-haiku-5-5\",\
          \"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\
          \"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: ping\ndata: \
          {\"type\":\"ping\"}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
          {\"type\":\"text_delta\",\"text\":\"Hello \\ud83d\\ude80\"}}\n\nevent: content_block_stop\ndata: {\"type\":\
          \"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":\
          {\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\nevent: message_stop\ndata: {\"type\":\
          \"message_stop\"}\n\n",
        b"data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":{\"input_tokens\":7,\
          \"cache_read_input_tokens\":3,\"cache_creation\":{\"ephemeral_5m_input_tokens\":2},\"output_tokens\":2}}}\r\n\r\n\
          data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\
          \"n\",\"input\":{}}}\r\n\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\
          \"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}}\r\n\r\ndata: {\"type\":\"content_block_stop\",\"index\":0}\
          \r\n\r\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"input_tokens\":7,\
          \"output_tokens\":9}}\r\n\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n",
        b": hello\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
    ],
    words: &[
        "\n\n", "\r", "data: ", "data:", "event: message_delta\n", ": ", "{\"type\":\"ping\"}", "\"usage\":{\"output_tokens\":0}",
        "\"input_tokens\":-1,", "null", "\"index\":1,", "thinking_delta", "[DONE]", "\\ud83d", "{{{{", "\u{feff}",
    ],
    run: answer,
};

#[test]
fn no_event_stream_breaks_the_reader() {
    STREAMS.run();
}

#[test]
fn a_fault_planted_in_the_event_stream_is_found() {
    // As if a count were kept in 16 bits.
    STREAMS.finds(|usage| usage.output_tokens > u64::from(u16::MAX));
}

/// How long the body of a question is; 0 where it makes no sense.
fn question(bytes: &[u8]) -> usize {
    sent(bytes).unwrap_or_default()
}

/// How long the body of a question is, where it makes sense.
fn sent(bytes: &[u8]) -> Option<usize> {
    let request: Request = serde_json::from_slice(bytes).ok()?;
    let body = Body::of(&request, "claude-haiku-5-5", 100).ok()?.bytes();
    let length = body.len();
    let read: serde_json::Value = serde_json::from_slice(&body).expect("what is sent is JSON");
    assert_eq!(read["model"], "claude-haiku-5-5");
    assert_eq!(read["max_tokens"], 100);
    assert!(read["messages"].is_array());
    let tools = read["tools"].as_array().map_or(0, Vec::len);
    assert!(tools <= request.tools.len());
    Some(length)
}

const QUESTIONS: Driver<usize> = Driver {
    corpus: &[
        br#"{"system":"Be short.","messages":[{"role":"user","content":[{"kind":"text","text":"Hello"}]}],"tools":[],"effort":"simple","max_output_tokens":50,"stop_sequences":["END"],"cacheable":true,"options":[["tool_choice","{\"type\":\"auto\"}"]]}"#,
        br#"{"system":null,"messages":[{"role":"user","content":[{"kind":"tool-result","tool_use_id":"t","content":"5","is_error":false},{"kind":"other","json":"{\"type\":\"text\",\"text\":\"x\"}"}]},{"role":"assistant","content":[{"kind":"tool-use","id":"t","name":"n","input":"{\"a\":1e2}"}]}],"tools":[{"name":"n","description":"d","input_schema":"{\"type\":\"object\"}"}],"effort":null,"max_output_tokens":null,"stop_sequences":[],"cacheable":false,"options":[]}"#,
    ],
    words: &[
        r#"{"name":"m","description":"d","input_schema":"{}"},"#, r#"{"kind":"text","text":"x"},"#, r#""tools":["#, "1e15", "[[[[",
        r#"\"a\":\"\\ud800\""#, r#"["thinking","{}"]"#, r#"["tier","\"opus\""]"#, "null", "\\u0000", "{}", "[]",
    ],
    run: question,
};

#[test]
fn no_question_of_a_guest_breaks_what_is_sent() {
    QUESTIONS.run();
}

#[test]
fn a_fault_planted_in_what_is_sent_is_found() {
    // As if a body of certain lengths lost its end.
    QUESTIONS.finds(|length| length % 64 == 63);
}
