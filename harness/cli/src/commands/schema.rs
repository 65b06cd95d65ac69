//! `kernelcheck schema`: the JSON Schemas of what kernelcheck reads and writes.

use clap::{Args, ValueEnum};
use harness::spec::Spec;
use harness::spec::schema::{message_schema, profile_schema};
use serde_json::{Map, Value, json};

use crate::args::Common;
use crate::output::{print, print_json};
use crate::{config, judge};

/// Print the JSON Schema of a file format, or of the protocol's messages
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which
    what: What,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// results.json, which a run writes
    Results,
    /// The messages of the protocol, by msg_type in `$defs`
    Messages,
    /// A profile
    Profile,
    /// kernelcheck.toml
    Config,
}

/// Prints it.
pub(crate) fn schema(args: &SchemaArgs, common: &Common) -> anyhow::Result<u8> {
    let spec = || judge::load_spec(common.specs.as_deref());
    match args.what {
        What::Results => print(reports::json::SCHEMA)?,
        What::Config => print(config::SCHEMA)?,
        What::Messages => print_json(&messages(&spec()?))?,
        What::Profile => print_json(&profile_schema(&spec()?.vocabulary))?,
    }
    Ok(0)
}

/// One schema for any message: that of its type, which its header names.
fn messages(spec: &Spec) -> Value {
    let definitions: Map<String, Value> = spec
        .messages
        .values()
        .map(|one| {
            let mut schema = message_schema(one);
            if let Some(object) = schema.as_object_mut() {
                object.remove("$schema");
            }
            (one.name.clone(), schema)
        })
        .collect();
    let any: Vec<Value> = definitions.keys().map(|name| json!({"$ref": format!("#/$defs/{name}")})).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "message of the Jupyter messaging protocol",
        "oneOf": any,
        "$defs": definitions,
    })
}
