//! Makes a baseline of a run. What people wrote into an earlier one stays as it is: reasons, order, comments.

use harness::oracle::{Kind, Verdict};
use harness::spec::{Named, Spec};
use harness::trace::ScenarioOutcome;

use super::{Baseline, COVERED, State, TODO};
use crate::observed::Observed;
use crate::run::{Finding, Run};

const HEAD: &str = "\
# Known deviations, each with the reason why it stays. `kernelcheck explain baseline` tells what can stand here.
";

/// Why a baseline can't be made of a run.
#[derive(Debug, thiserror::Error)]
#[error("no baseline was written:\n  {}", .0.join("\n  "))]
pub struct NotWhole(pub Vec<String>);

/// Makes a baseline of a run to which the earlier one, if there is one, was applied: without what is stale, with what is new.
/// Warnings are listed where they fail.
///
/// # Errors
///
/// Why the run does not tell enough for it, and what to do.
pub fn write(earlier: Option<&Baseline>, run: &Run, observed: &Observed, spec: &Spec, strict: bool) -> Result<String, NotWhole> {
    let mut obstacles = incomplete(run, observed, spec);
    if let Some(earlier) = earlier {
        obstacles.extend(unfit(earlier, run));
    }
    if !obstacles.is_empty() {
        return Err(NotWhole(obstacles));
    }
    let mut text = match earlier {
        Some(earlier) => kept(earlier, run),
        None => {
            let (implementation, version) = (quoted(&run.target.implementation), quoted(&run.target.implementation_version));
            format!("{HEAD}implementation = {implementation}\nversion = {version}\n")
        }
    };
    let fails = |finding: &&Finding| finding.known.is_none() && (strict || finding.verdict == Verdict::Fail);
    for finding in run.findings.iter().filter(fails) {
        text.push_str(&entry(finding));
    }
    Ok(text)
}

fn incomplete(run: &Run, observed: &Observed, spec: &Spec) -> Vec<String> {
    let mut obstacles: Vec<String> = run.troubles.iter().map(|trouble| format!("the run has no verdict: {}", trouble.text)).collect();
    let missing = spec.scenarios.iter().filter(|scenario| run.scenarios.iter().all(|one| one.name != scenario.id())).count();
    if missing > 0 && run.troubles.is_empty() {
        obstacles.push(format!(
            "{missing} of {} scenarios are not in the run: play all of them, without --select and --skip",
            spec.scenarios.len()
        ));
    }
    let given_up = run.scenarios.iter().filter(|one| one.outcome == ScenarioOutcome::Abandoned);
    for scenario in given_up.filter(|one| !is_explained(&one.name, run, observed)) {
        let why = scenario.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        obstacles.push(format!("{} was given up{why}: what it would have shown is not known; run again", scenario.name));
    }
    obstacles
}

/// Whether a lockup or crash that the run tells of is why a scenario was given up. Then that is what it shows.
fn is_explained(scenario: &str, run: &Run, observed: &Observed) -> bool {
    let shows = |finding: &Finding| observed.plays.reliability(scenario, finding.kind, finding.lockup.as_deref()).is_some();
    run.findings.iter().any(shows)
}

fn unfit(earlier: &Baseline, run: &Run) -> Vec<String> {
    let mut obstacles = Vec::new();
    if !earlier.is_for(run) {
        obstacles.push(format!(
            "{} is for {}, and this is {}: name another file",
            earlier.file, earlier.implementation, run.target.implementation
        ));
    }
    for entry in run.baseline.iter().flat_map(|account| account.entries_in(State::TooWide)) {
        obstacles.push(format!(
            "{}:{}: it covers {} findings, more than {COVERED}: write an entry for each",
            earlier.file,
            entry.known.line,
            entry.covers.len()
        ));
    }
    obstacles
}

/// The earlier text without its stale entries, for the kernel's present version.
fn kept(earlier: &Baseline, run: &Run) -> String {
    let lines: Vec<&str> = earlier.text.lines().collect();
    let is_comment = |line: &&&str| line.trim_start().starts_with('#');
    // An entry begins with the comment above it.
    let begins: Vec<usize> =
        earlier.known.iter().map(|known| known.line - 1 - lines[..known.line - 1].iter().rev().take_while(is_comment).count()).collect();
    let ends = begins.iter().skip(1).copied().chain([lines.len()]);
    let stale: Vec<usize> =
        run.baseline.iter().flat_map(|account| account.entries_in(State::Stale)).map(|entry| entry.known.line).collect();
    let gone: Vec<std::ops::Range<usize>> = earlier
        .known
        .iter()
        .zip(begins.iter().copied().zip(ends))
        .filter_map(|(known, (begin, end))| stale.contains(&known.line).then_some(begin..end))
        .collect();
    let version = format!("version = {}", quoted(&run.target.implementation_version));
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        if gone.iter().any(|range| range.contains(&index)) {
            continue;
        }
        let outdated = index + 1 == earlier.version_line && earlier.version != run.target.implementation_version;
        text.push_str(if outdated { &version } else { line });
        text.push('\n');
    }
    format!("{}\n", text.trim_end())
}

fn entry(finding: &Finding) -> String {
    let mut text = "\n[[known]]\n".to_owned();
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key} = {}\n", quoted(value)));
    line("rule", &finding.rule);
    line("scenario", finding.scenario.as_deref().unwrap_or_default());
    if finding.kind != Kind::Deviation {
        line("kind", finding.kind.name());
    }
    line("place", &finding.place);
    line("reason", &format!("{TODO}: say why"));
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
