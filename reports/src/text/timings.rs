//! Where the time went: in all, and of the slowest scenarios.

use crate::run::Run;
use crate::timings::Spent;

use super::Look;
use super::paint::{Paint, clean};

/// How many scenarios are shown.
const SLOWEST: usize = 15;
const HEADS: [&str; 6] = ["seconds", "starting", "answers", "pauses", "exits", "ours"];

pub(super) fn block(run: &Run, look: &Look, paint: Paint) -> Option<String> {
    let timings = run.environment.timings.as_ref().filter(|_| look.timings)?;
    let slowest = &timings.scenarios[..timings.scenarios.len().min(SLOWEST)];
    let total = format!("in all, {} kernels", timings.kernels);
    let rows = || slowest.iter().map(|one| (clean(&one.name), one.spent)).chain([(total.clone(), timings.total)]);
    let first = rows().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let heads: String = HEADS.iter().map(|head| format!("  {head:>8}")).collect();
    let mut text = "Where the time went, in seconds: waiting for kernels to start, to answer, in pauses, for ends; and ours:\n".to_owned();
    text.push_str(&paint.strong(&format!("{:first$}{heads}", "scenario")));
    text.push('\n');
    for (name, spent) in rows() {
        text.push_str(&format!("{name:first$}{}\n", columns(&spent)));
    }
    let (others, ours) = (timings.scenarios.len() - slowest.len(), timings.total.percentage());
    let others = if others == 0 { String::new() } else { format!("; {others} quicker scenarios are not shown") };
    text.push_str(&format!("{} messages; {ours:.1} % of the time is ours{others}\n", timings.messages));
    Some(text)
}

fn columns(spent: &Spent) -> String {
    let Spent { seconds, starting, answers, pauses, exits, harness } = *spent;
    [seconds, starting, answers, pauses, exits, harness].iter().map(|seconds| format!("  {seconds:>8.2}")).collect()
}
