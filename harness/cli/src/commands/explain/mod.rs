//! `kernelcheck explain`: what a rule wants and why, what a scenario does, what a message type holds, how a file is written.

mod message;
mod rule;
mod scenario;
mod topics;

use clap::Args;
use harness::spec::{Scenario, Spec, nearest};

use crate::args::Common;
use crate::judge::load_spec;
use crate::output::print;
use crate::terminal;
use crate::usage::Usage;

/// Tell what a rule wants and why, what a scenario does, or what a message type holds
///
/// `profile` and `baseline` tell how these files are written.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Id or name of a rule, group/name of a scenario, name of a message type, `profile` or `baseline`
    id: String,
}

/// Explains it.
pub(crate) fn explain(args: &ExplainArgs, common: &Common) -> anyhow::Result<u8> {
    let spec = load_spec(common.specs.as_deref())?;
    let text = found(&args.id, &spec, terminal::width()).ok_or_else(|| unknown(&args.id, &spec))?;
    print(&text)?;
    Ok(0)
}

fn found(id: &str, spec: &Spec, width: usize) -> Option<String> {
    if let Some(text) = topics::text(id) {
        return Some(text.to_owned());
    }
    if let Some(rule) = spec.rule(&id.to_uppercase()).or_else(|| spec.rule(id)) {
        return Some(rule::text(rule, spec, width));
    }
    if let Some(scenario) = spec.scenario(id) {
        return Some(scenario::text(scenario, width));
    }
    spec.messages.get(id).map(|message| message::text(message, width))
}

fn unknown(id: &str, spec: &Spec) -> anyhow::Error {
    let rules = spec.rules.iter().flat_map(|rule| [rule.id.clone(), rule.name.clone()]);
    let scenarios = spec.scenarios.iter().map(Scenario::id);
    let names: Vec<String> = rules.chain(scenarios).chain(spec.messages.keys().cloned()).chain(topics::NAMES.map(str::to_owned)).collect();
    let hint = nearest::nearest(id, names.iter().map(String::as_str));
    let hint = hint.map_or_else(|| "`kernelcheck list requirements` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
    Usage::error(format!("no rule, scenario or message type is called `{id}` ({hint})"))
}
