//! A spec with mistakes says all of them at once, each with its file, its line and the nearest known name.

mod files;
mod messages;
mod profiles;
mod rules;
mod scenarios;

use harness::spec::Spec;

/// What the loader says of these files, with `specs` for the directory they were put into.
fn mistakes_of(files: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().expect("a directory for the files");
    for (path, text) in files {
        let path = dir.path().join(path);
        let folder = path.parent().expect("files stand in folders");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::write(&path, text).expect("the file can be written");
    }
    let root = dir.path().display().to_string();
    match Spec::load(dir.path()) {
        Ok(_) => "no mistake".to_owned(),
        Err(errors) => errors.to_string().replace(&root, "specs"),
    }
}

const ASK: &str = r#"
summary = "Asks."
channels = ["shell"]
direction = "to-kernel"
role = "request"
pair = "ask_reply"
status = "required"
source = "text"
publishes = ["status"]
[fields.code]
type = "string"
required = true
summary = "what to run"
"#;

const ASK_REPLY: &str = r#"
summary = "Answers."
channels = ["shell"]
direction = "to-client"
role = "reply"
pair = "ask_request"
status = "required"
source = "text"
"#;

const STATUS: &str = r#"
summary = "Tells."
channels = ["iopub"]
direction = "to-client"
role = "publication"
status = "required"
source = "text"
"#;

const RULE: &str = r#"+++
id = "STAT-01"
level = "must"
verdict = "fail"
basis = "spec"
source = "text"
summary = "It is so."
[check.absence]
+++
```trace pass
> shell ask_request
```
```trace fail
> shell ask_request
```
"#;

const VOCABULARY: &str = r#"
[hello]
summary = "Prints."
facts = ["stdout"]
optional_facts = ["result"]
"#;

/// The files that the modules build on are right themselves.
#[test]
fn right_files_give_no_mistake() {
    let files = [
        ("messages/ask_request.toml", ASK),
        ("messages/ask_reply.toml", ASK_REPLY),
        ("messages/status.toml", STATUS),
        ("rules/status/is-so.md", RULE),
        ("profiles/vocabulary.toml", VOCABULARY),
        ("README.md", "For people."),
        ("rules/README.md", "For people."),
    ];
    assert_eq!(mistakes_of(&files), "no mistake");
}
