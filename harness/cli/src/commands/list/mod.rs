//! `kernelcheck list`: the rules, scenarios, message types, requirements, profiles and snippets that kernelcheck knows.

mod coverage;
mod profile;
mod rows;

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use harness::spec::Spec;
use reports::text::clean;
use serde_json::Value;

use crate::args::Common;
use crate::judge::load_spec;
use crate::output::{print, print_json};
use crate::terminal;
use crate::usage::Usage;
use rows::Row;

/// List scenarios, rules, message types, requirements or profiles, or what a profile lacks
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// What to list
    #[arg(value_enum, default_value_t = What::Rules)]
    what: What,
    /// Name or file of a profile, with `profile`: tells which snippets it lacks, and what stays unexercised for each
    #[arg(value_name = "NAME|FILE", required_if_eq("what", "profile"))]
    name: Option<String>,
    /// How many of the requirements are checked, by group, and why the others are not
    #[arg(long)]
    coverage: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// What is played
    Scenarios,
    /// What is checked
    Rules,
    /// The message types of the protocol
    Messages,
    /// All that the protocol asks of a kernel, checked or not
    Requirements,
    /// The profiles, with how many of the snippets they give
    Profiles,
    /// One profile: what it lacks
    Profile,
    /// What the snippets of a profile must do
    Snippets,
}

/// Lists them.
pub(crate) fn list(args: &ListArgs, common: &Common) -> anyhow::Result<u8> {
    let spec = load_spec(common.specs.as_deref())?;
    if args.what != What::Profile && args.name.is_some() {
        return Err(Usage::error(
            "only a profile is listed by its name: say `kernelcheck list profile NAME`, or `kernelcheck explain NAME`",
        ));
    }
    if args.coverage {
        if !matches!(args.what, What::Rules | What::Requirements) {
            return Err(Usage::error("--coverage is an account of requirements: say `kernelcheck list requirements --coverage`"));
        }
        if args.json {
            print_json(&coverage::json(&spec))?
        } else {
            print(&coverage::text(&spec, common.verbose))?
        }
        return Ok(0);
    }
    if let Some(name) = &args.name {
        return profile::list(name, &spec, args.json);
    }
    let rows = rows_of(args.what, &spec);
    if args.json {
        print_json(&Value::Array(rows.into_iter().map(|row| row.json).collect()))?;
    } else {
        print(&table(&rows))?;
    }
    Ok(0)
}

fn rows_of(what: What, spec: &Spec) -> Vec<Row> {
    match what {
        What::Scenarios => spec.scenarios.iter().map(rows::scenario).collect(),
        What::Rules => spec.rules.iter().filter(|rule| rule.unchecked.is_none()).map(rows::rule).collect(),
        What::Messages => spec.messages.values().map(rows::message).collect(),
        What::Profiles | What::Profile => spec.profiles.iter().map(|profile| rows::profile(profile, &spec.vocabulary)).collect(),
        What::Snippets => spec.vocabulary.values().map(rows::snippet).collect(),
        What::Requirements => spec.rules.iter().map(rows::rule).collect(),
    }
}

/// Rows with their columns in line; the last column is cut on a terminal, as wrapped lines are hard to read.
fn table(rows: &[Row]) -> String {
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    let width_of =
        |column: usize| rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width_of).collect();
    let limit = std::io::stdout().is_terminal().then(terminal::width);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        let line = clean(cells.join("  ").trim_end());
        match limit.filter(|&limit| line.chars().count() > limit) {
            Some(limit) => text.extend(line.chars().take(limit - 1).chain(['…'])),
            None => text.push_str(&line),
        }
        text.push('\n');
    }
    text
}
