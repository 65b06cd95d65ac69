//! `kernelcheck kernels`: the kernelspecs of this machine, as jupyter finds them.

use clap::Args;
use harness::session::kernel::{Found, Surroundings, list_kernels, places};
use reports::text::clean;
use serde_json::{Value, json};

use crate::output::{print, print_json};

/// List the kernelspecs found on this machine
#[derive(Debug, Args)]
pub(crate) struct KernelsArgs {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Lists them.
pub(crate) fn kernels(args: &KernelsArgs) -> anyhow::Result<u8> {
    let surroundings = Surroundings::of_process();
    let found = list_kernels(&surroundings);
    if args.json {
        print_json(&found.iter().map(as_json).collect())?;
        return Ok(0);
    }
    if found.is_empty() {
        let looked: String = places(&surroundings).iter().map(|place| format!("  {}\n", place.dir.display())).collect();
        print(&format!("no kernelspecs; looked in:\n{looked}"))?;
        return Ok(0);
    }
    let longest = found.iter().map(|one| one.name.chars().count()).max().unwrap_or_default();
    let lines: String = found.iter().map(|one| line(one, longest)).collect();
    print(&lines)?;
    Ok(0)
}

fn line(found: &Found, longest: usize) -> String {
    let about = match &found.spec {
        Ok(spec) => {
            let language = if spec.language.is_empty() { String::new() } else { format!(", {}", spec.language) };
            format!("{}{language}  {}", spec.display_name, found.dir.display())
        }
        Err(error) => format!("can't be used: {error}"),
    };
    clean(&format!("{:longest$}  {about}", found.name)).trim_end().to_owned() + "\n"
}

fn as_json(found: &Found) -> Value {
    match &found.spec {
        Ok(spec) => json!({"name": found.name, "dir": found.dir, "spec": spec.raw}),
        Err(error) => json!({"name": found.name, "dir": found.dir, "error": error.to_string()}),
    }
}
