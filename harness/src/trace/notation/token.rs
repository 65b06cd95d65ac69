//! A line of the notation as words.

use crate::wire::Json;
use crate::wire::json::{self, Limits};

/// One word of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `key=value`
    Pair(String, Json),
    /// `-key`
    Without(String),
    /// Anything else; in quotes it is a JSON string.
    Word(String),
}

/// Splits a line; `Err` says what is wrong.
pub(super) fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (token, tail) = next(rest)?;
        found.push(token);
        rest = tail.trim_start();
    }
    Ok(found)
}

fn next(text: &str) -> Result<(Token, &str), String> {
    if text.starts_with(['"', '{', '[']) {
        let (value, rest) = value(text)?;
        let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Ok((Token::Word(word), rest));
    }
    let end = text.find([' ', '\t', '=']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if let Some(rest) = rest.strip_prefix('=') {
        let (value, rest) = value(rest)?;
        return Ok((Token::Pair(word.to_owned(), value), rest));
    }
    match word.strip_prefix('-') {
        Some(key) if !key.is_empty() => Ok((Token::Without(key.to_owned()), rest)),
        _ => Ok((Token::Word(word.to_owned()), rest)),
    }
}

/// A value: the longest word that is balanced in brackets and quotes. JSON if it is, else a string.
fn value(text: &str) -> Result<(Json, &str), String> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut end = text.len();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b' ' | b'\t' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    if in_string || depth > 0 {
        return Err(format!("a quote or bracket is not closed in {text}"));
    }
    let (word, rest) = text.split_at(end);
    let parsed = json::parse(word.as_bytes(), &Limits::default());
    let is_json = |problem: &json::Problem| {
        matches!(problem.kind, json::ProblemKind::DuplicateKey | json::ProblemKind::NanToken | json::ProblemKind::LoneSurrogate)
    };
    match parsed.value {
        Some(value) if parsed.problems.iter().all(is_json) => Ok((value, rest)),
        _ if word.starts_with(['"', '{', '[']) => Err(format!("{word} is not JSON")),
        _ => Ok((Json::String(word.into()), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};
    use crate::wire::Json;

    #[test]
    fn a_line_is_words_and_pairs() {
        let pair = |key: &str, value: Json| Token::Pair(key.to_owned(), value);
        let word = |text: &str| Token::Word(text.to_owned());
        let text = |text: &str| Json::String(text.into());
        assert_eq!(
            tokens(r#"> shell x a="b c" d={"e": [1, 2]} f=1.0 g=h-i -j k="" "a word""#),
            Ok(vec![
                word(">"),
                word("shell"),
                word("x"),
                pair("a", text("b c")),
                pair("d", Json::Object(vec![("e".into(), Json::Array(vec![Json::Number("1".into()), Json::Number("2".into())]))])),
                pair("f", Json::Number("1.0".into())),
                pair("g", text("h-i")),
                Token::Without("j".to_owned()),
                pair("k", text("")),
                word("a word"),
            ])
        );
        assert_eq!(tokens(r#"a="b"#), Err(r#"a quote or bracket is not closed in "b"#.to_owned()));
    }
}
