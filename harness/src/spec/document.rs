//! A TOML document that remembers where each key and value stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SpecError;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The value.
    pub value: Value,
}

/// A TOML value. Dates are not part of any spec file.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `"text"`
    String(String),
    /// `1`
    Integer(i64),
    /// `1.0`
    Float(f64),
    /// `true`
    Boolean(bool),
    /// `[…]`, and `[[…]]`
    Array(Vec<Node>),
    /// `{…}`, and `[…]` at the start of a line
    Table(Table),
}

/// The entries of a table, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table(pub Vec<Entry>);

/// A key, its place, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, unquoted.
    pub key: String,
    /// Line of the key, from 1; for `[a.b]` that of the header.
    pub line: usize,
    /// Column of the key in characters, from 1.
    pub column: usize,
    /// The value.
    pub node: Node,
}

impl Table {
    /// Reads a document that begins at line `first_line` of `file`. Syntax errors are all noted, and then there is no table.
    pub fn parse(file: &str, text: &str, first_line: usize, mistakes: &mut Vec<SpecError>) -> Option<Self> {
        let lines = Lines::new(text, first_line);
        let (document, errors) = DeTable::parse_recoverable(text);
        let before = mistakes.len();
        for error in errors {
            let (line, column) = lines.place(error.span().map_or(0, |span| span.start));
            mistakes.push(SpecError { column: Some(column), ..SpecError::new(file, line, error.message().replace('\n', ", ")) });
        }
        let table = Converter { file, lines, mistakes }.table(document.get_ref());
        (mistakes.len() == before).then_some(table)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The entry of a key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// As JSON, keys in the order of the file.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        let member = |entry: &Entry| (entry.key.clone(), entry.node.to_json());
        self.0.iter().map(member).collect()
    }
}

impl Node {
    /// What the value is, as `a string`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// As JSON; a float that is not finite becomes null.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::String(text) => text.as_str().into(),
            Value::Integer(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Boolean(value) => (*value).into(),
            Value::Array(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(table) => table.to_json().into(),
        }
    }
}

/// Finds lines and columns of byte offsets.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    first_line: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str, first_line: usize) -> Self {
        let after_line_ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_line_ends).collect(), first_line }
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = self.text.get(self.starts[line]..offset).unwrap_or("");
        (line + self.first_line, before.chars().count() + 1)
    }
}

struct Converter<'a> {
    file: &'a str,
    lines: Lines<'a>,
    mistakes: &'a mut Vec<SpecError>,
}

impl Converter<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| {
            let (line, column) = self.lines.place(key.span().start);
            let node = self.node(value);
            let key = key.get_ref().clone().into_owned();
            Entry { key, line, column, node }
        });
        Table(entries.collect())
    }

    fn node(&mut self, spanned: &Spanned<DeValue<'_>>) -> Node {
        let (line, column) = self.lines.place(spanned.span().start);
        let value = match spanned.get_ref() {
            DeValue::String(text) => Value::String(text.clone().into_owned()),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Array(items) => Value::Array(items.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => self.reject(line, column, "this integer does not fit into 64 bits"),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Float(number),
                Err(_) => self.reject(line, column, "this is no number"),
            },
            DeValue::Datetime(_) => self.reject(line, column, "dates must be written as strings"),
        };
        Node { line, column, value }
    }

    fn reject(&mut self, line: usize, column: usize, message: &str) -> Value {
        self.mistakes.push(SpecError { column: Some(column), ..SpecError::new(self.file, line, message) });
        Value::Boolean(false)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Node, Table, Value};

    fn entry(key: &str, place: (usize, usize), at: (usize, usize), value: Value) -> Entry {
        let node = Node { line: at.0, column: at.1, value };
        Entry { key: key.to_owned(), line: place.0, column: place.1, node }
    }

    #[test]
    fn every_key_and_value_has_its_place_and_the_order_is_the_files() {
        let mut mistakes = Vec::new();
        let table = Table::parse("x.toml", "\"zé\" = 1\n[b.\"c d\"]\na = 0x10\n", 11, &mut mistakes);
        let a = entry("a", (13, 1), (13, 5), Value::Integer(16));
        let c = entry("c d", (12, 4), (12, 1), Value::Table(Table(vec![a])));
        assert_eq!(mistakes, []);
        let Some(table) = table else { panic!("no table") };
        assert_eq!(table.0[0], entry("zé", (11, 1), (11, 8), Value::Integer(1)));
        assert_eq!(table.0[1].key, "b");
        assert_eq!(table.0[1].node.value, Value::Table(Table(vec![c])));
    }

    #[test]
    fn syntax_errors_come_all_at_once() {
        let mut mistakes = Vec::new();
        let table = Table::parse("x.toml", "a = \nb = 1\nb = 2\nc = 2020-01-01\n", 1, &mut mistakes);
        assert_eq!(table, None);
        let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [Some(1), Some(3), Some(4)]);
    }
}
