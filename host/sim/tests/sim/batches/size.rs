//! A large batch is taken in and its results are sent as streams: what it takes of memory is its ids.
//!
//! `ANVIL_SIM_BATCH_ITEMS=100000` has it at the API's full size.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::Request;
use hyper::body::Frame;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use super::{HOUR, create, items, show, slow};
use crate::client::post;

/// The most memory that this process had, in bytes.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
}

/// Creates a batch of so many items with so much text each, without having it in memory.
async fn create_large(sim: &anvil_sim::SimHandle, count: usize, bytes: usize) -> String {
    let text = "word ".repeat(bytes / 5);
    let frames = (0..count + 2).map(move |i| {
        let part = match i {
            0 => "{\"requests\":[".to_owned(),
            i if i == count + 1 => "]}".to_owned(),
            i => {
                let comma = if i == 1 { "" } else { "," };
                format!(
                    "{comma}{}",
                    json!({"custom_id": format!("item-{i}"), "params": super::params(&text)})
                )
            }
        };
        Ok::<_, Infallible>(Frame::data(Bytes::from(part)))
    });
    let socket = TcpStream::connect(sim.addr()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request =
        Request::post("/v1/messages/batches").header("host", "sim").header("anthropic-version", "2023-06-01");
    let body = StreamBody::new(stream::iter(frames));
    let answer = sender.send_request(request.body(body).unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let batch: serde_json::Value = serde_json::from_slice(&body).unwrap();
    batch["id"].as_str().unwrap_or_else(|| panic!("{batch}")).to_owned()
}

/// Reads the results without keeping them: how many lines, and how many bytes.
async fn read_large(sim: &anvil_sim::SimHandle, id: &str) -> (usize, usize) {
    let socket = TcpStream::connect(sim.addr()).await.unwrap();
    let (mut sender, connection) =
        http1::handshake::<_, http_body_util::Empty<Bytes>>(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("/v1/messages/batches/{id}/results"))
        .header("host", "sim")
        .header("anthropic-version", "2023-06-01");
    let answer = sender.send_request(request.body(http_body_util::Empty::new()).unwrap()).await.unwrap();
    let (mut lines, mut bytes, mut body) = (0, 0, answer.into_body());
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        lines += data.split(|byte| *byte == b'\n').count() - 1;
        bytes += data.len();
    }
    (lines, bytes)
}

#[tokio::test]
async fn a_large_batch_takes_little_memory() {
    let count = std::env::var("ANVIL_SIM_BATCH_ITEMS").map_or(1_000, |text| text.parse().unwrap());
    let bytes = (240_000_000 / count).min(8_000);
    let (sim, clock) = slow().await;
    let pace = json!({"start_ms": 0, "items_per_minute": 6_000_000});
    assert_eq!(post(&sim, "/_sim/batches", &pace).await.status, 200);
    // What the first of anything takes is no part of it.
    let first = create(&sim, &items(100)).await;
    clock.advance(HOUR);
    show(&sim, &first).await;
    read_large(&sim, &first).await;
    let before = peak();
    let begun = std::time::Instant::now();
    let id = create_large(&sim, count, bytes).await;
    let created = begun.elapsed();
    clock.advance(HOUR);
    while sim.batches()[1].waiting > 0 {
        show(&sim, &id).await;
    }
    let done = begun.elapsed();
    let (lines, sent) = read_large(&sim, &id).await;
    println!(
        "{count} items of {bytes} bytes: taken in {created:.1?}, done {done:.1?}, {sent} bytes of results read {:.1?}",
        begun.elapsed()
    );
    assert_eq!((lines, sim.bill().batch_calls), (count, 100 + count as u64));
    if let (Some(before), Some(after)) = (before, peak()) {
        let (grown, allowed) = (after - before, 4_000_000 + 300 * count);
        println!("memory: {before} before, {grown} more at the most, {} an item", grown / count);
        assert!(grown < allowed, "{count} items took {grown} bytes more, of {allowed} that they may");
    }
}
