//! What kernelcheck knows: list, explain, kernels, schema.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Bench, SPEC, install_kernel};

fn told(arguments: &[&str]) -> String {
    let called = Bench::new().call_by_small_spec(arguments);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""));
    called.stdout
}

fn told_as_json(arguments: &[&str]) -> Value {
    serde_json::from_str(&told(arguments)).expect("JSON")
}

#[test]
fn lists_are_tables() {
    let lists = ["rules", "scenarios", "messages", "requirements"].map(|what| format!("{what}\n{}", told(&["list", what])));
    insta::assert_snapshot!(lists.join("\n"));
}

#[test]
fn coverage_is_an_account_of_all_requirements() {
    insta::assert_snapshot!(told(&["list", "--coverage", "--verbose"]));
    let json = told_as_json(&["list", "requirements", "--coverage", "--json"]);
    assert_eq!((&json["checked"], &json["requirements"]), (&1.into(), &2.into()));
    assert_eq!(json["groups"][1]["unchecked"][0]["reason"], "not yet checked");
}

#[test]
fn lists_are_json_where_wanted() {
    let rules = told_as_json(&["list", "--json"]);
    assert_eq!((rules.as_array().map(Vec::len), &rules[0]["id"], &rules[0]["checks"][0]), (Some(1), &"STAT-02".into(), &"response".into()));
    assert_eq!(told_as_json(&["list", "scenarios", "--json"])[0]["name"], "status/info");
    assert_eq!(told_as_json(&["list", "messages", "--json"])[0]["pair"], "kernel_info_request");
}

#[test]
fn rules_scenarios_and_messages_are_explained() {
    let texts = ["stat-02", "xpub-01", "status/info", "kernel_info_reply"].map(|id| told(&["explain", id]));
    insta::assert_snapshot!(texts.join("\n-----\n"));
}

#[test]
fn kernelspecs_are_listed_with_what_is_wrong() {
    let bench = Bench::new();
    install_kernel(&bench, "toy");
    install_kernel(&bench, "broken");
    bench.write("jupyter/kernels/broken/kernel.json", "{\"argv\": []}");
    // The system's own kernelspecs are listed beside these.
    let called = bench.call(&["kernels"]);
    let lines: Vec<String> = called.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let wrong =
        "broken can't be used: DIR/jupyter/kernels/broken/kernel.json: argv: wanted a list of strings, at least one, found an empty list";
    for line in [wrong, "toy Toy, calc DIR/jupyter/kernels/toy"] {
        assert!(lines.iter().any(|known| known == line), "{lines:#?}");
    }
    let json: Value = serde_json::from_str(&bench.call(&["kernels", "--json"]).stdout).expect("JSON");
    let toy = json.as_array().expect("a list").iter().find(|kernel| kernel["name"] == "toy").expect("it is listed");
    assert_eq!(toy["spec"]["language"], "calc");
}

#[test]
fn schemas_are_schemas() {
    for what in ["results", "messages", "profile", "config"] {
        let schema = told_as_json(&["schema", what]);
        assert!(jsonschema::validator_for(&schema).is_ok(), "{what}");
    }
    let messages = jsonschema::validator_for(&told_as_json(&["schema", "messages"])).expect("a schema");
    let header = serde_json::json!({
        "msg_id": "1", "session": "s", "username": "u", "date": "2026-01-01T00:00:00Z", "msg_type": "status", "version": "5.3"
    });
    let message = |content: Value| serde_json::json!({"header": header, "parent_header": {}, "metadata": {}, "content": content});
    assert!(messages.is_valid(&message(serde_json::json!({"execution_state": "busy"}))));
    assert!(!messages.is_valid(&message(serde_json::json!({"execution_state": 7}))));
}

/// A profile for a language of our own, as `kernelcheck explain profile` shows one.
fn shown_profile() -> String {
    let text = told(&["explain", "profile"]);
    let example = text.lines().skip_while(|line| !line.starts_with("  summary"));
    example.take_while(|line| line.starts_with("  ") || line.is_empty()).map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn a_profile_can_be_written_with_no_rust() {
    let bench = Bench::new();
    bench.write("calc.toml", &shown_profile());
    let called = bench.call(&["list", "profile", "calc.toml", "--json"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""));
    let lacking: Value = serde_json::from_str(&called.stdout).expect("JSON");
    let (name, lacking) = (&lacking["name"], lacking["lacking"].as_array().expect("a list"));
    let of = |snippet: &str| lacking.iter().find(|one| one["snippet"] == snippet);
    assert_eq!((name, of("hello"), of("error")), (&"calc".into(), None, None));
    let input = of("input").expect("the example does not give it");
    assert!(input["scenarios"].as_array().expect("a list").contains(&"stdin/pending".into()), "{input}");
    assert!(bench.call(&["list", "profile", "calc.toml"]).stdout.starts_with("The profile calc lacks "));
    // An independent validator says the same of the file as we do.
    let schema: Value = serde_json::from_str(&bench.call(&["schema", "profile"]).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let is_valid = |text: &str| validator.is_valid(&toml::from_str::<Value>(text).expect("TOML"));
    assert!(is_valid(&shown_profile()));
    for (right, wrong) in
        [("code = 'print", "cod = 'print"), ("stdout", "stdot"), ("[match]", "[macht]"), ("snippets.error", "snippets.eror")]
    {
        let text = shown_profile().replace(right, wrong);
        bench.write("wrong.toml", &text);
        assert_eq!((is_valid(&text), bench.call(&["list", "profile", "wrong.toml"]).code), (false, Some(2)), "{wrong}");
    }
}

#[test]
fn profiles_and_snippets_are_listed() {
    let bench = Bench::new();
    let profiles = bench.call(&["list", "profiles", "--json"]);
    let profiles: Value = serde_json::from_str(&profiles.stdout).expect("JSON");
    assert!(profiles.as_array().expect("a list").iter().any(|profile| profile["name"] == "python"));
    assert!(bench.call(&["list", "profile", "reference"]).stdout.starts_with("The profile reference lacks "));
    let snippets = bench.call(&["list", "snippets"]).stdout;
    let hello = snippets.lines().find(|line| line.starts_with("hello ")).expect("it is one");
    assert_eq!(hello.split_whitespace().collect::<Vec<_>>().join(" "), "hello stdout Prints hello and a newline to stdout.");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    // A pipe without a reader: writing to it fails at once.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut program = Command::new(env!("CARGO_BIN_EXE_kernelcheck"));
    let output = program.args(["list", "requirements", "--specs", SPEC]).stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn jupyter_finds_it_by_its_second_name() {
    let bench = Bench::new();
    let link = bench.path("jupyter-kernelcheck");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kernelcheck"), &link).expect("a link");
    let output = Command::new(link).args(["list", "--help"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: jupyter kernelcheck list"), "{output:?}");
}
