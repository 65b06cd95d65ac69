//! Which profile fills in the code.

use std::path::Path;
use std::sync::Arc;

use harness::session::run::ProfileChoice;
use harness::spec::{Profile, Spec, nearest};

use crate::usage::Usage;

/// What stands for no profile at all.
const NONE: &str = "none";

/// A file if it looks like one, else a name; by the kernel's language if nothing is said.
pub(super) fn choose(wanted: Option<&str>, spec: &Spec) -> anyhow::Result<ProfileChoice> {
    let Some(wanted) = wanted else { return Ok(ProfileChoice::Auto) };
    if wanted == NONE {
        return Ok(ProfileChoice::None);
    }
    if wanted.contains('/') || wanted.ends_with(".toml") {
        let profile = Profile::load_file(Path::new(wanted), &spec.vocabulary).map_err(|mistakes| Usage::error(mistakes.to_string()))?;
        return Ok(ProfileChoice::Given(Arc::new(profile)));
    }
    match spec.profile(wanted) {
        Some(profile) => Ok(ProfileChoice::Given(Arc::new(profile.clone()))),
        None => Err(unknown(wanted, spec)),
    }
}

fn unknown(wanted: &str, spec: &Spec) -> anyhow::Error {
    let names = || spec.profiles.iter().map(|profile| profile.name.as_str());
    let hint = match nearest::nearest(wanted, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}; a file is given by its path", names().collect::<Vec<_>>().join(", ")),
    };
    Usage::error(format!("no profile is called `{wanted}` ({hint})"))
}
