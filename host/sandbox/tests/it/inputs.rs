//! Files that a job was submitted with, as its guest has them.

use crate::bench::{Bench, broke, result};
use anvil_sandbox::AttemptEnd;
use anvil_sandbox::testing::{Answer, Recorder, small_limits};
use std::sync::Arc;

fn submitted_with(files: &[(&str, &[u8])]) -> Arc<Recorder> {
    Arc::new(Recorder::new(3, Answer::Never).submitted_with(files))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_of_its_files_and_reads_them_whole() {
    let bench = Bench::of("sums-its-files").await;
    let host = submitted_with(&[("a.txt", b"hello"), ("empty", b""), ("src/main.rs", &vec![7; 1_000_000])]);
    assert_eq!(result(&bench.run("sums-its-files", &host, small_limits()).await), "1000005");
    assert_eq!(host.inputs_read(), 3);
    assert_eq!(result(&bench.run("sums-its-files", &submitted_with(&[]), small_limits()).await), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_reads_its_files_only_so_often() {
    let bench = Bench::of("reads-its-file-forever").await;
    let host = submitted_with(&[("a.txt", b"hello")]);
    assert_eq!(result(&bench.run("reads-its-file-forever", &host, small_limits()).await), "1000");
    assert_eq!(host.inputs_read(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_out_of_the_job_is_no_file_of_it() {
    let bench = Bench::of("names-an-input-dotdot").await;
    let host = submitted_with(&[("a.txt", b"hello")]);
    let end = bench.run("names-an-input-dotdot", &host, small_limits()).await;
    let AttemptEnd::Failed(error) = end else { panic!("{end:?}") };
    assert!(error.message.contains("../../etc/passwd"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_larger_than_the_guests_memory_ends_the_guest_alone() {
    let bench = Bench::of("sums-its-files").await;
    let host = submitted_with(&[("large", &vec![7; 9 << 20])]);
    assert_eq!(broke(&bench.run("sums-its-files", &host, small_limits()).await), "memory");
    let host = submitted_with(&[("a.txt", b"hello")]);
    assert_eq!(result(&bench.run("sums-its-files", &host, small_limits()).await), "5");
}
