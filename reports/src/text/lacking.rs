//! What a profile does not give, and what stays unexercised for it.

use harness::spec::lacking::Lacking;

use super::{clean, wrapped};

/// The text: what costs scenarios or rules first, each with what it costs, then the names of the others.
#[must_use]
pub fn lacking(profile: &str, lacking: &[Lacking], width: usize) -> String {
    let profile = clean(profile);
    if lacking.is_empty() {
        return format!("The profile {profile} gives every snippet.\n");
    }
    let (costly, free): (Vec<&Lacking>, Vec<&Lacking>) =
        lacking.iter().partition(|one| !(one.scenarios.is_empty() && one.shortened.is_empty()));
    let mut text = wrapped(&format!("The profile {profile} lacks {} snippets:", lacking.len()), width, "", "  ");
    for one in costly {
        text.push_str(&wrapped(&format!("{}: {}", one.snippet, one.summary), width, "  ", "    "));
        let costs = [
            ("not played", &one.scenarios),
            ("played in part", &one.shortened),
            ("rules left unexercised", &one.rules),
            ("rules perhaps left so", &one.doubtful),
        ];
        for (what, names) in costs.into_iter().filter(|(_, names)| !names.is_empty()) {
            text.push_str(&wrapped(&format!("{what}: {}", names.join(", ")), width, "    ", "      "));
        }
    }
    if !free.is_empty() {
        let names: Vec<&str> = free.iter().map(|one| one.snippet.as_str()).collect();
        text.push_str(&wrapped(&format!("which cost nothing here: {}", names.join(", ")), width, "  ", "    "));
    }
    text
}
