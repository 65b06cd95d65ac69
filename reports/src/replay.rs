//! The command line that plays a finding's scenario again.

/// How the run was started, as arguments that can be given again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replay {
    /// The program and everything before `--`, without a selection.
    pub arguments: Vec<String>,
    /// The kernel's command, after `--`; empty if the kernel was named otherwise.
    pub command: Vec<String>,
}

impl Replay {
    /// The command line for a scenario; for all of them if none is given.
    #[must_use]
    pub fn line(&self, scenario: Option<&str>) -> String {
        let mut words: Vec<String> = self.arguments.iter().map(|word| quoted(word)).collect();
        if let Some(scenario) = scenario {
            words.extend(["--select".to_owned(), quoted(scenario)]);
        }
        if !self.command.is_empty() {
            words.push("--".to_owned());
            words.extend(self.command.iter().map(|word| quoted(word)));
        }
        words.join(" ")
    }
}

/// A word as a POSIX shell wants it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::Replay;

    #[test]
    fn a_line_can_be_given_to_a_shell() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let replay = Replay {
            arguments: words(&["kernelcheck", "run", "--seed", "7"]),
            command: words(&["my kernel", "it's", "-f", "{connection_file}"]),
        };
        assert_eq!(
            replay.line(Some("status/all")),
            r"kernelcheck run --seed 7 --select status/all -- 'my kernel' 'it'\''s' -f '{connection_file}'"
        );
        let named = Replay { arguments: words(&["kernelcheck", "run", "python3"]), command: Vec::new() };
        assert_eq!(named.line(None), "kernelcheck run python3");
    }
}
