//! How the files that people write are written.

/// What there is to be explained.
pub(super) const NAMES: [&str; 2] = ["profile", "baseline"];

/// The text of a topic.
pub(super) fn text(name: &str) -> Option<&'static str> {
    match name {
        "profile" => Some(include_str!("topics/profile.txt")),
        "baseline" => Some(include_str!("topics/baseline.txt")),
        _ => None,
    }
}
