//! Which profile fills in the code.

use std::path::Path;
use std::sync::Arc;

use harness::session::run::ProfileChoice;
use harness::spec::{Profile, Spec, nearest};

use crate::usage::Usage;

/// What stands for no profile at all.
const NONE: &str = "none";

/// A file if it looks like one, else a name; by the kernel's language if nothing is said.
pub(crate) fn choose(wanted: Option<&str>, spec: &Spec) -> anyhow::Result<ProfileChoice> {
    let Some(wanted) = wanted else { return Ok(ProfileChoice::Auto) };
    if wanted == NONE {
        return Ok(ProfileChoice::None);
    }
    Ok(ProfileChoice::Given(Arc::new(find(wanted, spec)?)))
}

/// The profile of a file or a name.
pub(crate) fn find(wanted: &str, spec: &Spec) -> anyhow::Result<Profile> {
    if wanted.contains('/') || wanted.ends_with(".toml") {
        return Profile::load_file(Path::new(wanted), &spec.vocabulary).map_err(|mistakes| Usage::error(mistakes.to_string()));
    }
    spec.profile(wanted).cloned().ok_or_else(|| unknown(wanted, spec))
}

fn unknown(wanted: &str, spec: &Spec) -> anyhow::Error {
    let names = || spec.profiles.iter().map(|profile| profile.name.as_str());
    let hint = match nearest::nearest(wanted, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}; a file is given by its path", names().collect::<Vec<_>>().join(", ")),
    };
    Usage::error(format!("no profile is called `{wanted}` ({hint})"))
}
