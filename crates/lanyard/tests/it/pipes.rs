//! `lanyard … | head`: whoever reads may go away at any time, and nothing but the rest of the answer is lost.

use std::{
    fs::File,
    process::{Command, Stdio},
};

/// Runs a verb whose reader is gone from the beginning; its exit code, and what it said on stderr.
fn unread(arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = Command::new(env!("CARGO_BIN_EXE_lanyard"))
        .args(arguments)
        .env_remove("LANYARD_LOG")
        .stdin(Stdio::null())
        .stdout(writer)
        .output()
        .expect("the binary starts");
    (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[test]
fn a_reader_that_goes_away_changes_neither_the_exit_code_nor_stderr() {
    for arguments in [
        &["policy", "schema"][..],
        &["completions", "bash"],
        &["reference"],
        &["sim", "doc"],
        &["sim", "doc", "--json"],
        &["--help"],
        &["--version"],
    ] {
        assert_eq!(unread(arguments), (Some(0), String::new()), "{arguments:?}");
    }
    let nowhere = tempfile::tempdir().expect("a temporary folder");
    let (code, said) = unread(&["check", "--data", &nowhere.path().display().to_string(), "--json"]);
    assert_eq!(code, Some(2), "what was found counts, whoever reads it: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let full = File::options().write(true).open("/dev/full").expect("a device that is always full");
    let ended = Command::new(env!("CARGO_BIN_EXE_lanyard"))
        .args(["policy", "schema"])
        .stdout(full)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: the answer could not be written: "), "{said}");
}
