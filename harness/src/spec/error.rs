//! Mistakes in the files of a spec: each with its place, all of them at once.

use std::fmt;

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct SpecError {
    /// The file, as the loader was told to find it: `specs/rules/status/idle-follows-busy.md`.
    pub file: String,
    /// Line, from 1; `None` where the mistake is the file itself.
    pub line: Option<usize>,
    /// Column in characters, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl SpecError {
    /// A mistake in a line of a file.
    #[must_use]
    pub fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::whole_file(file, message) }
    }

    /// A mistake that has no line: the file can't be read, or should not be there.
    #[must_use]
    pub fn whole_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, message: message.into(), hint: None }
    }

    /// The same, with a hint.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Every mistake that a loader found, by file and line; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SpecErrors(pub Vec<SpecError>);

impl SpecErrors {
    /// `Err` with the mistakes in order, or `Ok` if there are none.
    ///
    /// # Errors
    ///
    /// The mistakes, each once.
    pub fn none_of(mut mistakes: Vec<SpecError>) -> Result<(), Self> {
        mistakes.sort();
        mistakes.dedup();
        if mistakes.is_empty() { Ok(()) } else { Err(Self(mistakes)) }
    }
}

impl fmt::Display for SpecErrors {
    /// One mistake a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{mistake}")?;
        }
        Ok(())
    }
}
