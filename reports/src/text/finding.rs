//! One finding: the rule, what it wants, what was seen and where, how to see it again.

use harness::oracle::{Kind, Verdict};
use serde_json::Value;

use crate::run::{Finding, Run};

use super::paint::{Paint, clean};
use super::process;
use super::wrap::cut;
use super::{Look, wrapped};

/// Characters of one detail.
const DETAIL: usize = 600;

/// The blocks of all findings: the deviations from one rule share one, which shows the first whole and of the others what was seen.
pub(super) fn blocks<'a>(run: &'a Run, look: &'a Look, paint: Paint) -> impl Iterator<Item = String> + 'a {
    let alike = |first: &Finding, next: &Finding| {
        first.kind == Kind::Deviation && (&first.rule, first.kind, first.verdict) == (&next.rule, next.kind, next.verdict)
    };
    // Those that a baseline knows are told apart from these.
    let findings: Vec<&Finding> = run.findings.iter().filter(|finding| finding.known.is_none()).collect();
    let chunks: Vec<Vec<&Finding>> = findings.chunk_by(|first, next| alike(first, next)).map(<[_]>::to_vec).collect();
    chunks.into_iter().map(move |findings| {
        let (first, others) = findings.split_first().expect("a chunk is never empty");
        let mut text = block(first, run, look, paint);
        for other in others {
            text.push_str(&wrapped(&format!("Also: {}", clean(&other.title)), look.width, "  ", "    "));
            text.push_str(&wrapped(&place(other, look), look.width, "    ", "    "));
        }
        text
    })
}

fn block(finding: &Finding, run: &Run, look: &Look, paint: Paint) -> String {
    let rule = run.rules.iter().find(|rule| rule.id == finding.rule);
    let name = rule.map_or("", |rule| rule.name.as_str());
    let level = rule.map(|rule| format!(" ({})", rule.level)).unwrap_or_default();
    let mut text = format!(
        "{} {}{}\n",
        paint.finding(finding.kind, finding.verdict, &word(finding)),
        paint.strong(&format!("{} {name}", finding.rule)),
        paint.faint(&level)
    );
    if let Some(rule) = rule {
        text.push_str(&wrapped(&rule.summary, look.width, "  ", "  "));
    }
    text.push_str(&wrapped(&format!("Seen: {}", clean(&finding.title)), look.width, "  ", "    "));
    for line in &finding.evidence.excerpt {
        text.push_str(&paint.faint(&cut(&format!("    {}", clean(line)), look.width)));
        text.push('\n');
    }
    for line in process::lines(&finding.evidence.details) {
        text.push_str(&wrapped(&clean(&line), look.width, "  ", "    "));
    }
    for (name, value) in finding.evidence.details.iter().filter(|(name, _)| !process::KEYS.contains(&name.as_str())) {
        text.push_str(&wrapped(&detail(name, value), look.width, "  ", "    "));
    }
    text.push_str(&wrapped(&place(finding, look), look.width, "  ", "    "));
    // The lines that are there to be copied are never broken.
    text.push_str(&format!("  Again: {}\n", clean(&again(finding, look))));
    if let Some(reliability) = &finding.reliability {
        text.push_str(&format!("  Reliability: seen in {reliability} plays\n"));
    }
    text
}

pub(super) fn word(finding: &Finding) -> String {
    match (finding.kind, finding.verdict) {
        (Kind::Crash, _) => "CRASH".to_owned(),
        (Kind::Lockup, _) => format!("LOCKUP {}", finding.lockup.as_deref().unwrap_or_default()).trim_end().to_owned(),
        (Kind::Deviation, Verdict::Warn) => "WARN".to_owned(),
        (Kind::Deviation, _) => "FAIL".to_owned(),
    }
}

fn detail(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("{name}: {}", cut(&clean(&text), DETAIL))
}

/// The command line that shows it again: its reproducer's, where there is one.
fn again(finding: &Finding, look: &Look) -> String {
    let Some(file) = &finding.reproducer else { return finding.again.clone() };
    let program = finding.again.split(" run").next().unwrap_or_default();
    // A command is never taken from a file.
    let command = finding.again.split_once(" -- ").map(|(_, command)| format!(" -- {command}")).unwrap_or_default();
    format!("{program} replay {}{file}{command}", look.traces_in)
}

fn place(finding: &Finding, look: &Look) -> String {
    let scenario = finding.scenario.as_ref().map(|name| format!(", scenario {name}")).unwrap_or_default();
    let often = if finding.count > 1 { format!(", {} times in all", finding.count) } else { String::new() };
    clean(&format!("Where: {}{}{scenario}{often}", look.traces_in, finding.trace))
}
