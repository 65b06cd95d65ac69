//! A typed reader over a table: it notes every missing key, wrong type and unknown key, and goes on.

use std::cell::RefCell;

use super::document::{Entry, Node, Table, Value};
use super::named::{Named, find};
use super::{SpecError, nearest};

/// The mistakes of one file, as they are found.
#[derive(Debug)]
pub struct Mistakes {
    file: String,
    found: RefCell<Vec<SpecError>>,
}

impl Mistakes {
    /// None yet.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: RefCell::default() }
    }

    /// Notes one.
    pub fn add(&self, line: usize, column: Option<usize>, message: impl Into<String>, hint: Option<String>) {
        let mistake = SpecError { column, ..SpecError::new(&self.file, line, message).with_hint(hint) };
        self.found.borrow_mut().push(mistake);
    }

    /// All that were noted.
    #[must_use]
    pub fn into_vec(self) -> Vec<SpecError> {
        self.found.into_inner()
    }
}

/// Reads the keys of one table. A key that is never asked for is unknown; [`Reader::finish`] says so.
#[derive(Debug)]
pub struct Reader<'a> {
    table: &'a Table,
    line: usize,
    prefix: String,
    mistakes: &'a Mistakes,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    /// For a whole document, or a table whose keys are called by themselves; `line` is where a missing key is noted.
    #[must_use]
    pub fn new(table: &'a Table, line: usize, mistakes: &'a Mistakes) -> Self {
        let (prefix, asked) = (String::new(), RefCell::default());
        Self { table, line, prefix, mistakes, asked }
    }

    /// The value of an entry of a table whose keys are free.
    #[must_use]
    pub fn entry(entry: &'a Entry, mistakes: &'a Mistakes) -> Item<'a> {
        Item::of(entry, "", mistakes)
    }

    /// The value of a key that may be left out.
    pub fn optional(&self, key: &'static str) -> Option<Item<'a>> {
        self.asked.borrow_mut().push(key);
        let entry = self.table.entry(key)?;
        Some(Item::of(entry, &self.prefix, self.mistakes))
    }

    /// The value of a key that must be there.
    pub fn required(&self, key: &'static str) -> Option<Item<'a>> {
        let item = self.optional(key);
        if item.is_none() {
            let message = format!("missing key `{}{key}`", self.prefix);
            self.mistakes.add(self.line, None, message, None);
        }
        item
    }

    /// Notes a mistake of the table as a whole.
    pub fn mistake(&self, message: impl Into<String>) {
        self.mistakes.add(self.line, None, message, None);
    }

    /// Notes every key that was not asked for.
    pub fn finish(self) {
        let known = self.asked.into_inner();
        for entry in &self.table.0 {
            if !known.contains(&entry.key.as_str()) {
                let hint = nearest::hint(&entry.key, known.iter().copied());
                let message = format!("unknown key `{}`", entry.key);
                self.mistakes.add(entry.line, Some(entry.column), message, hint);
            }
        }
    }
}

/// One value, with what it is called in messages. Each conversion notes a value of the wrong type and gives `None`.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// What it is called: `fields.status.type`, `channels[1]`.
    pub name: String,
    /// Line of the key, or of the item of an array.
    pub line: usize,
    column: usize,
    node: &'a Node,
    mistakes: &'a Mistakes,
}

impl<'a> Item<'a> {
    fn of(entry: &'a Entry, prefix: &str, mistakes: &'a Mistakes) -> Self {
        Self { name: format!("{prefix}{}", entry.key), line: entry.line, column: entry.column, node: &entry.node, mistakes }
    }

    /// The value itself.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        self.node.to_json()
    }

    /// A string.
    #[must_use]
    pub fn str(self) -> Option<&'a str> {
        match &self.node.value {
            Value::String(text) => Some(text),
            _ => self.wrong_type("a string"),
        }
    }

    /// A string, owned.
    #[must_use]
    pub fn string(self) -> Option<String> {
        self.str().map(str::to_owned)
    }

    /// A string with something in it, on one line.
    #[must_use]
    pub fn sentence(self) -> Option<String> {
        let text = self.clone().str()?;
        if text.trim().is_empty() || text.contains('\n') {
            self.mistake(format!("`{}` must be one line of text", self.name));
            return None;
        }
        Some(text.to_owned())
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.node.value {
            Value::Boolean(value) => Some(value),
            _ => self.wrong_type("a boolean"),
        }
    }

    /// An integer.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        match self.node.value {
            Value::Integer(number) => Some(number),
            _ => self.wrong_type("an integer"),
        }
    }

    /// An integer of at least 1.
    #[must_use]
    pub fn count(self) -> Option<u32> {
        let number = self.clone().integer()?;
        let count = u32::try_from(number).ok().filter(|count| *count > 0);
        if count.is_none() {
            self.mistake(format!("`{}` must be at least 1", self.name));
        }
        count
    }

    /// A finite number, not negative.
    #[must_use]
    pub fn seconds(self) -> Option<f64> {
        let number = match self.node.value {
            #[expect(clippy::cast_precision_loss, reason = "no one waits for 2^53 seconds")]
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => return self.wrong_type("a number"),
        };
        if !number.is_finite() || number < 0.0 {
            self.mistake(format!("`{}` must be a number of seconds", self.name));
            return None;
        }
        Some(number)
    }

    /// A table, for what it holds.
    #[must_use]
    pub fn table(self) -> Option<&'a Table> {
        match &self.node.value {
            Value::Table(table) => Some(table),
            _ => self.wrong_type("a table"),
        }
    }

    /// A table whose keys are known.
    #[must_use]
    pub fn reader(self) -> Option<Reader<'a>> {
        let table = self.clone().table()?;
        let (prefix, asked) = (format!("{}.", self.name), RefCell::default());
        Some(Reader { table, line: self.line, prefix, mistakes: self.mistakes, asked })
    }

    /// The entries of a table whose keys are free, in the order of the file.
    #[must_use]
    pub fn entries(self) -> Option<Vec<(&'a str, Item<'a>)>> {
        let table = self.clone().table()?;
        let prefix = format!("{}.", self.name);
        let item = |entry: &'a Entry| (entry.key.as_str(), Item::of(entry, &prefix, self.mistakes));
        Some(table.0.iter().map(item).collect())
    }

    /// The items of an array.
    #[must_use]
    pub fn items(self) -> Option<Vec<Item<'a>>> {
        let Value::Array(nodes) = &self.node.value else {
            return self.wrong_type("an array");
        };
        let item = |(index, node): (usize, &'a Node)| {
            let name = format!("{}[{index}]", self.name);
            let mistakes = self.mistakes;
            Item { name, line: node.line, column: node.column, node, mistakes }
        };
        Some(nodes.iter().enumerate().map(item).collect())
    }

    /// An array of strings.
    #[must_use]
    pub fn strings(self) -> Option<Vec<String>> {
        let strings: Vec<Option<String>> = self.items()?.into_iter().map(Item::string).collect();
        strings.into_iter().collect()
    }

    /// One of a closed set of names.
    #[must_use]
    pub fn named<T: Named>(self) -> Option<T> {
        let name = self.clone().str()?;
        let one = find::<T>(name);
        if one.is_none() {
            self.unknown(T::WHAT, name, T::ALL.iter().map(|one| one.name()));
        }
        one
    }

    /// A string that parses.
    #[must_use]
    pub fn parsed<T: std::str::FromStr>(self) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.clone().str()?;
        text.parse().map_err(|error: T::Err| self.mistake(error.to_string())).ok()
    }

    /// Notes a mistake here, and what may have been meant.
    pub fn mistake_with_hint(&self, message: impl Into<String>, hint: Option<String>) {
        self.mistakes.add(self.line, Some(self.column), message, hint);
    }

    /// Notes a mistake here.
    pub fn mistake(&self, message: impl Into<String>) {
        self.mistake_with_hint(message, None);
    }

    /// Notes a name that is none of the known ones, with the nearest of them.
    pub fn unknown<'k>(&self, what: &str, name: &str, known: impl IntoIterator<Item = &'k str>) {
        let hint = nearest::hint(name, known);
        self.mistake_with_hint(format!("unknown {what} `{name}`"), hint);
    }

    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        self.mistake(format!("`{}` must be {wanted}, not {}", self.name, self.node.kind()));
        None
    }
}
