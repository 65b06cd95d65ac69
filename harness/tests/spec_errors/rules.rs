//! Mistakes in rule files.

use crate::{RULE, mistakes_of};

const UNCHECKED: &str = r#"+++
id = "STAT-02"
level = "must"
verdict = "warn"
basis = "spec"
source = "text"
summary = "It is so."
[unchecked]
reason = "It can't be seen."
+++
```trace pass
> shell ask_request
```
"#;

const BROKEN: &str = r#"+++
id = "stat-1"
levle = "must"
level = "shuold"
verdict = "fail"
basis = "spec"
since = "v5"
open = "A17"
source = "text"
summary = "It is so."
[check.absence]
[unchecked]
raeson = "It can't be seen."
+++
Prose.
"#;

#[test]
fn front_matter_of_rules() {
    let neither = RULE.replace("[check.absence]\n", "");
    let files = [
        ("rules/status/broken.md", BROKEN),
        ("rules/status/unchecked.md", UNCHECKED),
        ("rules/status/neither.md", neither.as_str()),
        ("rules/status/bare.md", "Prose.\n"),
        ("rules/status/endless.md", "+++\nid = 1\n"),
        ("rules/status/not-toml.md", "+++\nid = \n+++\n"),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/rules/status/bare.md:1: a rule file begins with front matter between lines of `+++`
    specs/rules/status/broken.md:1: a checked rule has at least one trace that must fail
    specs/rules/status/broken.md:1: a checked rule has at least one trace that must pass
    specs/rules/status/broken.md:1: a rule with a check is not unchecked
    specs/rules/status/broken.md:2: `stat-1` is no rule id, as `STAT-02`
    specs/rules/status/broken.md:3: unknown key `levle` (did you mean `level`?)
    specs/rules/status/broken.md:4: unknown level `shuold` (did you mean `should`?)
    specs/rules/status/broken.md:5: a rule about an open matter gives a warning at most
    specs/rules/status/broken.md:7: `v5` is not a version of the protocol, as `5.3`
    specs/rules/status/broken.md:12: missing key `unchecked.reason`
    specs/rules/status/broken.md:13: unknown key `raeson` (did you mean `reason`?)
    specs/rules/status/endless.md:1: the front matter has no closing `+++`
    specs/rules/status/neither.md:1: a rule has a [check.KIND] table, or says in [unchecked] why it has none
    specs/rules/status/neither.md:10: this trace proves nothing: the rule has no check
    specs/rules/status/not-toml.md:2: string values must be quoted, expected literal string
    specs/rules/status/unchecked.md:12: this trace proves nothing: the rule has no check
    "#);
}

#[test]
fn traces_and_names_of_rules() {
    let traces = RULE.replace("STAT-01", "STAT-03").replace("trace pass", "trace pas")
        + "```trace fail:\n> shell ask_request\n```\n```trace pass: why\n\n```\n```trace fail\n";
    let same_id = RULE.replace("check.absence", "check");
    let files = [("rules/status/is-so.md", RULE), ("rules/status/traces.md", traces.as_str()), ("rules/wire/is-so.md", same_id.as_str())];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/rules/status/traces.md:10: unknown trace kind `pas` (did you mean `pass`?)
    specs/rules/status/traces.md:16: nothing stands after the colon: what must the title contain?
    specs/rules/status/traces.md:19: a passing trace gives no finding, so there is no title to name
    specs/rules/status/traces.md:19: this trace is empty
    specs/rules/status/traces.md:22: this code block has no end
    specs/rules/status/traces.md:22: this trace is empty
    specs/rules/wire/is-so.md: the name `is-so` is that of specs/rules/status/is-so.md
    specs/rules/wire/is-so.md:2: the id `STAT-01` is that of specs/rules/status/is-so.md
    specs/rules/wire/is-so.md:8: `check` names no check
    "#);
}
