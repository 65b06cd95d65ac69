//! Checks with wrong parameters: every mistake of a spec is told at once, with its line and the nearest name.

use std::fs;
use std::path::Path;

use harness::oracle::Oracle;
use harness::spec::Spec;

const FRONT: &str = r#"+++
id      = "ZZZ-01"
level   = "must"
verdict = "fail"
basis   = "spec"
source  = "nowhere"
summary = "Nothing."

"#;

const BACK: &str = "+++\n\nProse.\n\n## Provoke\n\nNothing.\n\n## Observe\n\nNothing.\n\n```trace pass\n> shell kernel_info_request id=1\n```\n\n```trace fail\n> shell kernel_info_request id=1\n```\n";

/// The mistakes of a rule with these checks, without the file's path.
fn mistakes(checks: &str) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a directory");
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/messages");
    fs::create_dir_all(dir.path().join("rules/zzz")).expect("a directory");
    fs::create_dir_all(dir.path().join("messages")).expect("a directory");
    for file in fs::read_dir(specs).expect("the message types").flatten() {
        fs::copy(file.path(), dir.path().join("messages").join(file.file_name())).expect("a copy");
    }
    fs::write(dir.path().join("rules/zzz/nothing.md"), format!("{FRONT}{checks}{BACK}")).expect("a rule");
    let spec = Spec::load(dir.path()).expect("all but the checks is right");
    let Err(errors) = Oracle::new(&spec) else { panic!("the checks have mistakes") };
    let tell = |line: &str| line.rsplit_once("nothing.md:").map_or_else(|| line.to_owned(), |(_, rest)| rest.to_owned());
    errors.to_string().lines().map(tell).collect()
}

#[test]
fn every_mistake_is_told_with_its_line_and_the_nearest_name() {
    let checks = r#"[check.shap]
on = { type = "status" }

[[check.shape]]
on      = { type = "statu" }
require = { "content.execution_state" = "busy" }

[[check.shape]]
on      = { type = "status", chanel = "iopub" }
require = { "content.execution_stat" = { kinds = "string" } }

[check.response]
to   = { type = "execute_request" }
than = { type = "execute_reply" }
"#;
    assert_eq!(
        mistakes(checks),
        [
            "9: unknown check `shap` (did you mean `shape`?)",
            "13: unknown message type `statu` (did you mean `status`?)",
            "17: unknown begin of a path `chanel` (did you mean `channel`?)",
            "20: missing key `then`",
        ]
    );
}

#[test]
fn fields_operators_and_kinds_have_known_names() {
    let field = "[check.shape]\non      = { type = \"status\" }\nrequire = { \"content.execution_stat\" = \"busy\" }\n";
    assert_eq!(mistakes(field), ["11: unknown field `execution_stat` (did you mean `execution_state`?)"]);
    let operator =
        "[check.shape]\non      = { type = \"status\" }\nrequire = { \"content.execution_state\" = { in = [\"busy\"], patern = \"b\" } }\n";
    assert_eq!(mistakes(operator), ["11: unknown operator `patern` (did you mean `pattern`?)"]);
    let kind = "[check.shape]\non      = { type = \"status\" }\nrequire = { \"content.execution_state\" = { kind = \"text\" } }\n";
    assert_eq!(mistakes(kind), ["11: unknown kind `text` (known: null, bool, int, number, string, array, object)"]);
    let key = "[check.late]\nfrom   = { type = \"status\" }\nto     = { type = \"status\" }\nwithin = 1.0\nsoon   = true\n";
    assert_eq!(mistakes(key), ["13: unknown key `soon` (known: from, to, within, milder, before)"]);
}
