//! Answers that come compressed.

use super::upstream::{Then, answer};
use super::{Wire, plain, text};
use anvil_types::CallState;
use std::io::Write as _;

#[tokio::test]
async fn an_answer_that_comes_compressed_though_nobody_asked_is_read() {
    let gzip = |plain: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(plain).and_then(|()| packed.finish()).expect("memory takes it")
    };
    let zlib = |plain: &[u8]| {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(plain).and_then(|()| packed.finish()).expect("memory takes it")
    };
    let head =
        |encoding: &str| format!("content-type: text/event-stream\r\ncontent-encoding: {encoding}\r\n");
    let error =
        br#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: too large"}}"#;
    let cut = gzip(plain().as_bytes());
    let mut wire = Wire::new(vec![
        (answer(200, &head("gzip"), &gzip(plain().as_bytes())), Then::Keep),
        (answer(200, &head("deflate"), &zlib(plain().as_bytes())), Then::Keep),
        (answer(400, "content-encoding: gzip\r\n", &gzip(error)), Then::Keep),
        (answer(200, &head("gzip"), &cut[..cut.len() / 2]), Then::Keep),
        (answer(200, &head("gzip"), plain().as_bytes()), Then::Keep),
    ])
    .await;
    for encoding in ["gzip", "deflate"] {
        let (reply, call) = wire.call().await;
        assert!(!text(&reply.expect(encoding)).is_empty(), "{encoding}");
        assert_eq!(call.state, CallState::Settled, "{encoding}");
    }
    let (reply, call) = wire.call().await;
    assert!(reply.expect_err("a 400").message.contains("max_tokens: too large"));
    assert_eq!(call.state, CallState::Released);
    for why in ["half of it", "it is not what it says"] {
        let (reply, call) = wire.call().await;
        assert!(reply.is_err(), "{why}");
        assert_eq!(call.state, CallState::Unknown, "{why}");
    }
}
