//! One profile: the snippets that it lacks, and what stays unexercised for each.

use harness::spec::Spec;
use harness::spec::lacking::lacking;
use harness::spec::select::Selection;
use reports::text;
use serde_json::json;

use crate::commands::run::profile::find;
use crate::output::{print, print_json};
use crate::terminal;
use crate::usage::Usage;

/// Lists what it lacks.
pub(super) fn list(name: &str, spec: &Spec, as_json: bool) -> anyhow::Result<u8> {
    let profile = find(name, spec)?;
    let all = Selection::new(&[], &[], spec).map_err(|error| Usage::error(error.to_string()))?;
    let lacking = lacking(&profile, spec, &all);
    if as_json {
        print_json(&json!({"name": profile.name, "summary": profile.summary, "lacking": lacking}))?;
    } else {
        print(&text::lacking(&profile.name, &lacking, terminal::width()))?;
    }
    Ok(0)
}
