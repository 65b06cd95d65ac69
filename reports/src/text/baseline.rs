//! What the baseline knows, and what is wrong with it.

use harness::oracle::Kind;

use crate::baseline::{Account, COVERED, State};
use crate::run::{Finding, Run};

use super::finding::word;
use super::paint::{Paint, clean};
use super::{Look, wrapped};

pub(super) fn blocks(run: &Run, look: &Look, paint: Paint) -> Vec<String> {
    let Some(account) = &run.baseline else { return Vec::new() };
    let blocks = [known(run, account, look, paint), stale(account, look, paint), too_wide(account, look, paint), warnings(account, look)];
    blocks.into_iter().flatten().collect()
}

fn known(run: &Run, account: &Account, look: &Look, paint: Paint) -> Option<String> {
    let known: Vec<(&Finding, String)> = run
        .findings
        .iter()
        .filter_map(|finding| {
            let excuse = finding.known.as_ref()?;
            Some((finding, format!("Reason: {} ({}:{})", clean(&excuse.reason), clean(&account.file), excuse.line)))
        })
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut text = format!("Known, by {}:\n", clean(&account.file));
    for (finding, reason) in known {
        let grave = if finding.kind == Kind::Deviation { String::new() } else { format!("{} ", word(finding)) };
        let what = format!("{grave}{} {}: {}", paint.strong(&finding.rule), name(run, finding), clean(&finding.title));
        text.push_str(&wrapped(&what, look.width, "  ", "    "));
        text.push_str(&wrapped(&reason, look.width, "    ", "      "));
        let scenario = finding.scenario.as_ref().map(|name| format!(", scenario {name}")).unwrap_or_default();
        text.push_str(&wrapped(&clean(&format!("Where: {}{}{scenario}", look.traces_in, finding.trace)), look.width, "    ", "      "));
    }
    Some(text)
}

fn name<'a>(run: &'a Run, finding: &Finding) -> &'a str {
    run.rules.iter().find(|rule| rule.id == finding.rule).map_or("", |rule| rule.name.as_str())
}

fn stale(account: &Account, look: &Look, paint: Paint) -> Option<String> {
    let mut text = paint.strong(&format!("STALE {}", clean(&account.file))) + "\n";
    let lead =
        "What these entries list was played and did not show. Delete them, or say `sometimes = true` where it need not show each time.";
    text.push_str(&wrapped(lead, look.width, "  ", "  "));
    let mut entries = account.entries_in(State::Stale).peekable();
    entries.peek()?;
    for entry in entries {
        text.push_str(&wrapped(&format!("line {}: {}", entry.known.line, clean(&entry.known.about())), look.width, "    ", "      "));
    }
    Some(text)
}

fn too_wide(account: &Account, look: &Look, paint: Paint) -> Option<String> {
    let mut entries = account.entries_in(State::TooWide).peekable();
    entries.peek()?;
    let mut text = paint.strong(&format!("TOO WIDE {}", clean(&account.file))) + "\n";
    for entry in entries {
        let (line, about, covers) = (entry.known.line, clean(&entry.known.about()), entry.covers.len());
        let lead = format!("line {line}: {about} covers {covers} findings, more than {COVERED}, and so none of them:");
        text.push_str(&wrapped(&lead, look.width, "  ", "    "));
        for covered in &entry.covers {
            text.push_str(&wrapped(&clean(covered), look.width, "    ", "      "));
        }
    }
    Some(text)
}

fn warnings(account: &Account, look: &Look) -> Option<String> {
    let line = |warning: &String| wrapped(&format!("{}: {}", clean(&account.file), clean(warning)), look.width, "Warning: ", "  ");
    (!account.warnings.is_empty()).then(|| account.warnings.iter().map(line).collect())
}
