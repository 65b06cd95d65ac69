//! The declaration of a check: the pattern's name and its parameters, which the layer of the checks reads.

use crate::spec::document::{Node, Table, Value};
use crate::spec::reader::{Mistakes, Reader};
use crate::spec::{SpecError, nearest};

/// A `[check.KIND]` table.
///
/// The parameters are compiled by whoever owns the check. Read them with [`CheckDecl::reader`], which collects every mistake
/// with its place, or by hand from `params` with [`CheckDecl::error`].
#[derive(Debug, Clone, PartialEq)]
pub struct CheckDecl {
    /// The check pattern: `response`.
    pub kind: String,
    /// Its parameters.
    pub params: Table,
    /// Line of the table's header, from 1.
    pub line: usize,
    /// The file, as the loader found it.
    pub file: String,
}

impl CheckDecl {
    /// Reads the parameters; the mistakes go into `mistakes`, which should be [`CheckDecl::mistakes`].
    #[must_use]
    pub fn reader<'a>(&'a self, mistakes: &'a Mistakes) -> Reader<'a> {
        Reader::new(&self.params, self.line, mistakes)
    }

    /// An empty list of mistakes for this file.
    #[must_use]
    pub fn mistakes(&self) -> Mistakes {
        Mistakes::new(&self.file)
    }

    /// A mistake at a parameter, named by its path: `then.type`, `steps[1].count`.
    ///
    /// A path that is not there gives the line of what is there of it, in the end that of the table.
    #[must_use]
    pub fn error(&self, path: &str, message: impl Into<String>) -> SpecError {
        SpecError::new(&self.file, self.line_of(path), message)
    }

    /// The mistake of a kind that nobody knows.
    #[must_use]
    pub fn unknown_kind<'k>(&self, known: impl IntoIterator<Item = &'k str>) -> SpecError {
        let message = format!("unknown check `{}`", self.kind);
        SpecError::new(&self.file, self.line, message).with_hint(nearest::hint(&self.kind, known))
    }

    /// The line of a parameter, named by its path.
    #[must_use]
    pub fn line_of(&self, path: &str) -> usize {
        line_in_table(&self.params, path).unwrap_or(self.line)
    }
}

fn line_in_table(table: &Table, path: &str) -> Option<usize> {
    // Keys may hold dots themselves: the longest key that the path begins with is meant.
    let begins = |key: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let entry = table.0.iter().filter(|entry| begins(&entry.key)).max_by_key(|entry| entry.key.len())?;
    Some(line_in_node(&entry.node, &path[entry.key.len()..]).unwrap_or(entry.line))
}

fn line_in_node(node: &Node, path: &str) -> Option<usize> {
    match &node.value {
        Value::Table(table) => line_in_table(table, path.strip_prefix('.')?),
        Value::Array(items) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            Some(line_in_node(item, rest).unwrap_or(item.line))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::CheckDecl;
    use crate::spec::document::Table;

    #[test]
    fn a_path_finds_its_line_or_the_nearest_above() {
        let text = "then = { type = \"status\" }\nsteps = [\n  { a = 1 },\n  { \"b.c\" = 2 },\n]\n";
        let mut mistakes = Vec::new();
        let params = Table::parse("x.md", text, 8, &mut mistakes).expect("the text is TOML");
        let check = CheckDecl { kind: "response".to_owned(), params, line: 7, file: "x.md".to_owned() };
        let lines = ["then.type", "then.nothing", "steps[1].b.c", "steps[0]", "steps[7]", "absent", ""];
        assert_eq!(lines.map(|path| check.line_of(path)), [8, 8, 11, 10, 9, 7, 7]);
        assert_eq!(check.error("steps[0].a", "bad").to_string(), "x.md:10: bad");
        let unknown = check.unknown_kind(["responses", "absence"]).to_string();
        assert_eq!(unknown, "x.md:7: unknown check `response` (did you mean `responses`?)");
    }
}
