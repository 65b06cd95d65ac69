//! The files of a spec, from a directory or from the binary itself, and what each of them is by its place.

use std::path::Path;

use super::{SpecError, SpecErrors};

/// The folders of a spec.
const FOLDERS: [&str; 4] = ["messages", "rules", "scenarios", "profiles"];

/// All files of a spec, by path.
pub(super) struct Files {
    /// What stands before the paths in messages.
    root: String,
    files: Vec<SpecFile>,
}

/// One file.
pub(super) struct SpecFile {
    /// Path below the root, with slashes.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// What a file is by its place, with its group where it has one, and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Message(&'a str),
    Rule(&'a str, &'a str),
    Scenario(&'a str, &'a str),
    Vocabulary,
    Profile(&'a str),
    /// For people: a README, or a dot file.
    Other,
}

impl Files {
    pub(super) fn new(root: &str, mut files: Vec<SpecFile>) -> Self {
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Self { root: root.to_owned(), files }
    }

    /// Each file with its name in messages, its kind and its text; what is none of these is a mistake.
    pub(super) fn sorted_out(&self, mistakes: &mut Vec<SpecError>) -> Vec<(String, Kind<'_>, &str)> {
        let mut known = Vec::new();
        for file in &self.files {
            let shown = format!("{}/{}", self.root, file.path);
            let kind = match kind_of(&file.path) {
                Ok(Kind::Other) => continue,
                Ok(kind) => kind,
                Err(message) => {
                    mistakes.push(SpecError::whole_file(&shown, message));
                    continue;
                }
            };
            match std::str::from_utf8(&file.bytes) {
                Ok(text) => known.push((shown, kind, text)),
                Err(error) => {
                    let before = &file.bytes[..error.valid_up_to()];
                    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                    mistakes.push(SpecError::new(&shown, line, "this is not UTF-8"));
                }
            }
        }
        known
    }
}

/// Reads all files below a directory.
pub(super) fn read_dir(dir: &Path) -> Result<Files, SpecErrors> {
    let root = dir.display().to_string();
    let root = root.trim_end_matches('/');
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    if !FOLDERS.iter().any(|folder| dir.join(folder).is_dir()) {
        let message = format!("no spec is here: it would have one of the folders {}", FOLDERS.join(", "));
        return Err(SpecErrors(vec![SpecError::whole_file(root, message)]));
    }
    for folder in FOLDERS.iter().filter(|folder| dir.join(folder).exists()) {
        collect(dir, folder, root, &mut files, &mut mistakes);
    }
    SpecErrors::none_of(mistakes)?;
    Ok(Files::new(root, files))
}

fn collect(dir: &Path, below: &str, root: &str, files: &mut Vec<SpecFile>, mistakes: &mut Vec<SpecError>) {
    let path = dir.join(below);
    let outcome = if path.is_dir() {
        std::fs::read_dir(&path).map(|entries| {
            for entry in entries.flatten() {
                let inner = format!("{below}/{}", entry.file_name().to_string_lossy());
                collect(dir, &inner, root, files, mistakes);
            }
        })
    } else {
        std::fs::read(&path).map(|bytes| files.push(SpecFile { path: below.to_owned(), bytes }))
    };
    if let Err(error) = outcome {
        mistakes.push(SpecError::whole_file(&format!("{root}/{below}"), format!("cannot be read: {error}")));
    }
}

fn kind_of(path: &str) -> Result<Kind<'_>, String> {
    let parts: Vec<&str> = path.split('/').collect();
    let file_name = parts.last().copied().unwrap_or_default();
    if file_name == "README.md" || parts.iter().any(|part| part.starts_with('.')) {
        return Ok(Kind::Other);
    }
    let kind = match parts.as_slice() {
        ["messages", file] => file.strip_suffix(".toml").map(Kind::Message),
        ["rules", group, file] => file.strip_suffix(".md").map(|name| Kind::Rule(group, name)),
        ["scenarios", group, file] => file.strip_suffix(".toml").map(|name| Kind::Scenario(group, name)),
        ["profiles", "vocabulary.toml"] => Some(Kind::Vocabulary),
        ["profiles", file] => file.strip_suffix(".toml").map(Kind::Profile),
        _ => None,
    };
    let kind = kind.ok_or(
        "no file of a spec has such a place: there are messages/NAME.toml, rules/GROUP/NAME.md, \
         scenarios/GROUP/NAME.toml and profiles/NAME.toml",
    )?;
    match kind {
        Kind::Message(name) => is_spelled(name, '_').then_some(kind).ok_or_else(|| format!("`{name}` is not snake_case")),
        Kind::Rule(group, name) | Kind::Scenario(group, name) => {
            let bad = [group, name].into_iter().find(|name| !is_spelled(name, '-'));
            bad.map_or(Ok(kind), |name| Err(format!("`{name}` is not kebab-case")))
        }
        Kind::Vocabulary | Kind::Profile(_) | Kind::Other => Ok(kind),
    }
}

/// Whether a name is lower-case words of letters and digits, with `between` between them.
fn is_spelled(name: &str, between: char) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.split(between).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::{Kind, kind_of};

    #[test]
    fn the_place_says_what_a_file_is() {
        assert_eq!(kind_of("messages/execute_reply.toml"), Ok(Kind::Message("execute_reply")));
        assert_eq!(kind_of("rules/status/busy-first.md"), Ok(Kind::Rule("status", "busy-first")));
        assert_eq!(kind_of("scenarios/status/all.toml"), Ok(Kind::Scenario("status", "all")));
        assert_eq!(kind_of("profiles/vocabulary.toml"), Ok(Kind::Vocabulary));
        assert_eq!(kind_of("profiles/python.toml"), Ok(Kind::Profile("python")));
        assert_eq!(kind_of("rules/README.md"), Ok(Kind::Other));
        assert_eq!(kind_of("rules/status/.draft.md"), Ok(Kind::Other));
    }

    #[test]
    fn a_file_out_of_place_is_a_mistake() {
        for path in ["rules/x.md", "messages/a/b.toml", "messages/x.yaml", "rules/status/x.toml", "profiles/a/b.toml"] {
            assert!(kind_of(path).is_err(), "{path}");
        }
        assert_eq!(kind_of("rules/status/busy_first.md"), Err("`busy_first` is not kebab-case".to_owned()));
        assert_eq!(kind_of("messages/Execute.toml"), Err("`Execute` is not snake_case".to_owned()));
    }
}
