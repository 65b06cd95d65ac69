//! What is said between the harness, the guard and the launch step: one JSON object a line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How the kernel is to be started; the command itself stands in the guard's arguments, where `ps` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Start {
    /// Variables that are set beside those that the guard inherits.
    pub(in super::super) env: BTreeMap<String, String>,
    /// The working directory; the guard's own without one.
    pub(in super::super) cwd: Option<PathBuf>,
    /// Whether its stdin is /dev/null; a closed pipe else.
    pub(in super::super) stdin_null: bool,
    /// A directory that the guard removes if the harness dies without a word.
    pub(in super::super) remove: Option<PathBuf>,
}

/// From the harness to the guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Order {
    /// Start the kernel: `{"start": {…}}`; always the first line.
    Start(Start),
    /// Kill it and all its descendants: `{"kill": true}`.
    Kill(bool),
}

/// From the guard to the harness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Report {
    /// The kernel runs, with this process id: `{"started": 17}`.
    Started(u32),
    /// It could not be started: `{"failed": "…"}`.
    Failed(String),
    /// It ended, and so did its descendants: `{"exited": {"code": 0}}`.
    Exited(Ended),
}

/// How the kernel ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Ended {
    /// Exit code, if it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) code: Option<i32>,
    /// Signal number, if a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) signal: Option<i32>,
    /// Descendants that outlived it, and were then killed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) survivors: Vec<String>,
}

/// One line for the other side.
pub(in super::super) fn line<T: Serialize>(message: &T) -> String {
    let mut line = serde_json::to_string(message).expect("orders and reports have string keys and no fallible parts");
    line.push('\n');
    line
}
