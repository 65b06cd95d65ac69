//! A rule with all that it can say.

use harness::spec::{Basis, Level, Rule, RuleTrace, RuleVerdict, TraceVerdict};
use serde_json::{Value, json};

use crate::load;

const FILE: &str = r#"+++
id      = "STAT-02"
level   = "should"
verdict = "warn"
basis   = "jep"
since   = "5.3"
source  = "text, section 1"
open    = "A17"
summary = "It is so."

[check.shape]
type = "status"

[[check.count]]
at_most = 1
[[check.count]]
at_most = 2
+++

Clients rely on it.

```trace pass
> shell ask id=1
```

## Provoke
Ask.

```trace fail: no idle
> shell ask id=1
< shell answer parent=1
```
"#;

#[test]
fn a_rule() {
    let mut spec = load(&[("rules/status/is-so.md", FILE)]);
    let checks: Vec<(String, usize, Value)> =
        spec.rules[0].checks.drain(..).map(|check| (check.kind, check.line, check.params.to_json().into())).collect();
    let declared = [
        ("shape".to_owned(), 11, json!({ "type": "status" })),
        ("count".to_owned(), 14, json!({ "at_most": 1 })),
        ("count".to_owned(), 16, json!({ "at_most": 2 })),
    ];
    assert_eq!(checks, declared);
    let rule = Rule {
        id: "STAT-02".to_owned(),
        name: "is-so".to_owned(),
        group: "status".to_owned(),
        level: Level::Should,
        verdict: RuleVerdict::Warn,
        basis: Basis::Jep,
        since: "5.3".parse().ok(),
        source: "text, section 1".to_owned(),
        open: Some("A17".to_owned()),
        summary: "It is so.".to_owned(),
        prose: "Clients rely on it.\n\n## Provoke\nAsk.".to_owned(),
        checks: Vec::new(),
        unchecked: None,
        traces: vec![
            RuleTrace { expect: TraceVerdict::Pass, title_contains: None, text: "> shell ask id=1\n".to_owned(), line: 23 },
            RuleTrace {
                expect: TraceVerdict::Fail,
                title_contains: Some("no idle".to_owned()),
                text: "> shell ask id=1\n< shell answer parent=1\n".to_owned(),
                line: 30,
            },
        ],
        file: "specs/rules/status/is-so.md".to_owned(),
    };
    assert_eq!(spec.rules, [rule]);
}
