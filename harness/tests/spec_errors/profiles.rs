//! Mistakes in profiles and in their vocabulary.

use std::path::Path;

use harness::spec::{Profile, Spec};

use crate::{VOCABULARY, mistakes_of};

#[test]
fn profiles_and_vocabulary() {
    let vocabulary = format!("{VOCABULARY}[code]\nfacts = [\"code\", 5]\nfcts = 1\n[flat]\nsummary = \"x\"\nfacts = []\n");
    let profile = r#"
summary = "x"
[match]
language = "python"
[snippets.helo]
code = "x"
[snippets.hello]
cod = "x"
reslt = "4"
[snippets]
flat = "x"
"#;
    let second = r#"
summary = "x"
[match]
language = ["Python"]
[snippets.hello]
code = 1
stdout = "hello"
"#;
    let files = [
        ("profiles/vocabulary.toml", vocabulary.as_str()),
        ("profiles/python.toml", profile),
        ("profiles/snake.toml", second),
        ("profiles/viper.toml", &second.replace("Python", "python").replace("code = 1", "code = ''")),
        ("profiles/wild.toml", "[match]\nlang = []\n"),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/profiles/python.toml:4: `match.language` must be an array, not a string
    specs/profiles/python.toml:5: unknown snippet `helo` (did you mean `hello`?)
    specs/profiles/python.toml:7: missing key `snippets.hello.code`
    specs/profiles/python.toml:7: missing key `snippets.hello.stdout`
    specs/profiles/python.toml:8: unknown fact of `hello`: `cod` (did you mean `code`?)
    specs/profiles/python.toml:9: unknown fact of `hello`: `reslt` (did you mean `result`?)
    specs/profiles/python.toml:11: `snippets.flat` must be a table, not a string
    specs/profiles/snake.toml:6: `snippets.hello.code` must be a string, not an integer
    specs/profiles/viper.toml:3: the language `python` has its profile in specs/profiles/snake.toml
    specs/profiles/vocabulary.toml:6: missing key `code.summary`
    specs/profiles/vocabulary.toml:7: `code.facts[1]` must be a string, not an integer
    specs/profiles/vocabulary.toml:8: unknown key `fcts` (did you mean `facts`?)
    specs/profiles/wild.toml:1: a profile matches by `language`, by `implementation`, or by both
    specs/profiles/wild.toml:1: missing key `snippets`
    specs/profiles/wild.toml:1: missing key `summary`
    specs/profiles/wild.toml:2: unknown key `lang` (did you mean `language`?)
    "#);
}

#[test]
fn a_profile_file_that_is_not_there_and_one_that_is() {
    let vocabulary = Spec::embedded().vocabulary;
    let errors = Profile::load_file(Path::new("no/such/file.toml"), &vocabulary).expect_err("nothing is there");
    assert!(errors.to_string().starts_with("no/such/file.toml: cannot be read: "), "{errors}");
    let dir = tempfile::tempdir().expect("a directory for the file");
    let path = dir.path().join("mine.toml");
    std::fs::write(&path, "summary = 'x'\n[match]\nlanguage = ['mine']\n[snippets.quiet]\ncode = 'x'\n").expect("the file can be written");
    let profile = Profile::load_file(&path, &vocabulary).expect("the profile is right");
    assert_eq!((profile.name.as_str(), profile.snippets["quiet"].code.as_str()), ("mine", "x"));
    assert_eq!(profile.missing(&vocabulary).len(), vocabulary.len() - 1);
}
