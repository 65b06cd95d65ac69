//! The verdict, and what it rests on.

use harness::oracle::{Kind, Verdict};
use harness::trace::ScenarioOutcome;

use super::paint::{Paint, clean};
use super::{Look, wrapped};
use crate::baseline::Account;
use crate::run::{Finding, Run, Summary, Target};

pub(super) fn block(run: &Run, look: &Look, paint: Paint) -> String {
    let verdict = format!("{}: {}", verdict(run), clean(&kernel(&run.target)));
    let verdict = wrapped(&verdict, look.width, "", "  ");
    let mut text: String = verdict.lines().map(|line| paint.outcome(run.exit_code, line) + "\n").collect();
    for line in [rules(&run.summary), played(run)] {
        text.push_str(&wrapped(&line, look.width, "", "  "));
    }
    for trouble in &run.troubles {
        text.push_str(&wrapped(&clean(&trouble.text), look.width, "- ", "  "));
    }
    text
}

fn verdict(run: &Run) -> String {
    let Summary { warn, known, .. } = run.summary;
    let shows = |kind| run.findings.iter().any(|finding| finding.kind == kind && finding.known.is_none());
    match (run.exit_code, shows(Kind::Crash), shows(Kind::Lockup)) {
        (0, ..) if known > 0 => "CONFORMS, BUT FOR KNOWN DEVIATIONS",
        (0, ..) if warn > 0 => "CONFORMS, WITH WARNINGS",
        (0, ..) => "CONFORMS",
        (4, ..) => "NO VERDICT",
        (_, true, true) => "CRASHES AND LOCKS UP",
        (_, true, false) => "CRASHES",
        (_, false, true) => "LOCKS UP",
        (_, false, false) if baseline_alone(run) => "BASELINE IS OUT OF DATE",
        (_, false, false) => "DOES NOT CONFORM",
    }
    .to_owned()
}

/// Whether nothing is wrong but the baseline.
fn baseline_alone(run: &Run) -> bool {
    let broken = |finding: &Finding| finding.known.is_none() && finding.verdict == Verdict::Fail;
    run.baseline.as_ref().is_some_and(Account::fails) && !run.findings.iter().any(broken)
}

/// Who it is, as it says itself; as we called it, where it never said.
fn kernel(target: &Target) -> String {
    let joined = |name: &str, version: &str| format!("{name} {version}").trim().to_owned();
    let mut parts = vec![joined(&target.implementation, &target.implementation_version)];
    parts.push(joined(&target.language, &target.language_version));
    if !target.protocol_version.is_empty() {
        parts.push(format!("protocol {}", target.protocol_version));
    }
    parts.retain(|part| !part.is_empty());
    if !parts.is_empty() {
        return parts.join(", ");
    }
    match (&target.kernelspec, target.command.is_empty()) {
        (Some(name), _) => name.clone(),
        (None, false) => target.command.join(" "),
        (None, true) => "the kernel".to_owned(),
    }
}

fn rules(summary: &Summary) -> String {
    let Summary { pass, warn, fail, inconclusive, not_exercised, error, lockups, crashes, known } = *summary;
    let judged = list(&[(fail, "broken"), (warn, "with warnings"), (pass, "kept")]);
    let other = list(&[(inconclusive, "undecided"), (not_exercised, "not exercised"), (error, "not judged")]);
    let grave =
        list(&[(crashes, if crashes == 1 { "crash" } else { "crashes" }), (lockups, if lockups == 1 { "lockup" } else { "lockups" })]);
    let mut text = format!("{} of {} rules exercised", summary.exercised(), summary.all());
    let known = if known == 0 { String::new() } else { format!("{known} of the findings known") };
    for (mark, list) in [(": ", judged), ("; ", other), ("; ", grave), ("; ", known)] {
        if !list.is_empty() {
            text.push_str(mark);
            text.push_str(&list);
        }
    }
    text
}

/// The counts that are not 0.
fn list(counts: &[(usize, &str)]) -> String {
    let some: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    some.join(", ")
}

fn played(run: &Run) -> String {
    let count = |outcome| run.scenarios.iter().filter(|one| one.outcome == outcome).count();
    let counts = [
        (count(ScenarioOutcome::Completed), "played"),
        (count(ScenarioOutcome::Abandoned), "given up"),
        (count(ScenarioOutcome::Skipped), "skipped"),
    ];
    let profile = run.target.profile.as_ref().map(|name| format!(", profile {name}")).unwrap_or_default();
    let outcomes = list(&counts);
    let outcomes = if outcomes.is_empty() { "none".to_owned() } else { outcomes };
    format!("scenarios: {outcomes} in {:.1} s{profile}, seed {}", run.environment.seconds, run.environment.seed)
}
