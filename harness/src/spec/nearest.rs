//! The known name that an unknown one was probably meant to be.

use strsim::osa_distance;

/// Most names that a hint lists where none of them is near.
const LISTED: usize = 8;

/// The nearest of the known names: by edits, or else the shortest one that holds `name`. Case does not count.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let limit = (name.chars().count() / 3).clamp(1, 4);
    let known: Vec<&str> = known.into_iter().collect();
    let by_edits = known
        .iter()
        .map(|candidate| (osa_distance(&name, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min();
    if let Some((_, candidate)) = by_edits {
        return Some(candidate);
    }
    let holds_name = |candidate: &&str| name.len() > 2 && candidate.to_lowercase().contains(&name);
    known.into_iter().filter(holds_name).min_by_key(|candidate| (candidate.len(), *candidate))
}

/// A hint for an unknown name: the nearest one, or all of them if they are few.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let listed = 1..=LISTED;
    listed.contains(&known.len()).then(|| format!("known: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{hint, nearest};

    const NAMES: [&str; 3] = ["idle-follows-busy", "busy-first", "level"];

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(nearest("levle", NAMES), Some("level"));
        assert_eq!(nearest("LEVEL", NAMES), Some("level"));
        assert_eq!(nearest("idle-folows-bussy", NAMES), Some("idle-follows-busy"));
        assert_eq!(nearest("follows", NAMES), Some("idle-follows-busy"));
        assert_eq!(nearest("summary", NAMES), None);
    }

    #[test]
    fn few_names_are_listed_and_many_are_not() {
        assert_eq!(hint("levle", NAMES), Some("did you mean `level`?".to_owned()));
        assert_eq!(hint("summary", NAMES), Some("known: idle-follows-busy, busy-first, level".to_owned()));
        assert_eq!(hint("summary", ["x"; 9]), None);
    }
}
