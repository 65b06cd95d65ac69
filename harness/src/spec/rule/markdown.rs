//! Takes a rule file apart: front matter, prose, traces.

use super::{RuleTrace, TraceVerdict};
use crate::spec::Named;
use crate::spec::named::find;
use crate::spec::nearest;
use crate::spec::reader::Mistakes;

/// The fence around the front matter.
const FRONT: &str = "+++";

/// The parts of a rule file.
pub(super) struct Parts {
    /// TOML between the first two `+++`; it begins in line 2.
    pub(super) front: String,
    pub(super) prose: String,
    pub(super) traces: Vec<RuleTrace>,
}

/// Takes the file apart; `None` if it has no front matter.
pub(super) fn split(text: &str, mistakes: &Mistakes) -> Option<Parts> {
    let lines: Vec<&str> = text.lines().collect();
    if lines.first().map(|line| line.trim_end()) != Some(FRONT) {
        mistakes.add(1, None, "a rule file begins with front matter between lines of `+++`", None);
        return None;
    }
    let Some(length) = lines[1..].iter().position(|line| line.trim_end() == FRONT) else {
        mistakes.add(1, None, "the front matter has no closing `+++`", None);
        return None;
    };
    let mut body = Body { mistakes, prose: String::new(), traces: Vec::new() };
    body.read(&lines, length + 2);
    Some(Parts { front: lines[1..=length].join("\n"), prose: body.prose.trim().to_owned(), traces: body.traces })
}

struct Body<'a> {
    mistakes: &'a Mistakes,
    prose: String,
    traces: Vec<RuleTrace>,
}

impl Body<'_> {
    fn read(&mut self, lines: &[&str], mut at: usize) {
        while at < lines.len() {
            let Some(info) = lines[at].strip_prefix("```") else {
                self.keep(lines[at]);
                at += 1;
                continue;
            };
            let first = at + 1;
            let length = lines[first..].iter().position(|line| line.trim_end() == "```");
            if length.is_none() {
                self.mistakes.add(at + 1, None, "this code block has no end", None);
            }
            let end = length.map_or(lines.len(), |length| first + length);
            match info.strip_prefix("trace") {
                Some(kind) if kind.is_empty() || kind.starts_with(' ') => {
                    self.trace(kind, at + 1, &lines[first..end]);
                }
                _ => lines[at..lines.len().min(end + 1)].iter().for_each(|line| self.keep(line)),
            }
            at = end + 1;
        }
    }

    /// Where a trace was taken out, its blank lines fall together.
    fn keep(&mut self, line: &str) {
        if !(line.is_empty() && self.prose.ends_with("\n\n")) {
            self.prose.push_str(line.trim_end());
            self.prose.push('\n');
        }
    }

    fn trace(&mut self, kind: &str, line: usize, text: &[&str]) {
        let (kind, title) = match kind.split_once(':') {
            Some((kind, title)) => (kind.trim(), Some(title.trim())),
            None => (kind.trim(), None),
        };
        let Some(expect) = find::<TraceVerdict>(kind) else {
            let known = TraceVerdict::ALL.iter().map(|one| one.name());
            let hint = nearest::hint(kind, known);
            self.mistakes.add(line, None, format!("unknown trace kind `{kind}`"), hint);
            return;
        };
        if expect == TraceVerdict::Pass && title.is_some() {
            self.mistakes.add(line, None, "a passing trace gives no finding, so there is no title to name", None);
        }
        if title.is_some_and(str::is_empty) {
            self.mistakes.add(line, None, "nothing stands after the colon: what must the title contain?", None);
        }
        if text.iter().all(|line| line.trim().is_empty()) {
            self.mistakes.add(line, None, "this trace is empty", None);
        }
        self.traces.push(RuleTrace {
            expect,
            title_contains: title.map(str::to_owned),
            text: text.iter().map(|line| format!("{line}\n")).collect(),
            line: line + 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Mistakes, RuleTrace, TraceVerdict, split};

    const FILE: &str = "+++\nid = 1\n+++\n\nWhy.\n\n```trace fail: no idle\n> shell x\n```\n\n## More\n```\n+++\n```trace\n```\n";

    #[test]
    fn a_file_comes_apart_and_prose_keeps_other_code() {
        let mistakes = Mistakes::new("x.md");
        let parts = split(FILE, &mistakes).expect("it has front matter");
        assert_eq!(mistakes.into_vec(), []);
        assert_eq!(parts.front, "id = 1");
        assert_eq!(parts.prose, "Why.\n\n## More\n```\n+++\n```trace\n```");
        let trace =
            RuleTrace { expect: TraceVerdict::Fail, title_contains: Some("no idle".to_owned()), text: "> shell x\n".to_owned(), line: 8 };
        assert_eq!(parts.traces, [trace]);
    }
}
