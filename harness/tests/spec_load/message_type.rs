//! Message types as the embedded spec has them.

use harness::spec::Spec;
use harness::wire::Channel;
use serde_json::json;

#[test]
fn a_message_type_of_the_embedded_spec() {
    let spec = Spec::embedded();
    let status = &spec.messages["status"];
    assert_eq!(status.channels, [Channel::Iopub]);
    assert_eq!(status.fields.len(), 1);
    let field = status.field("execution_state").expect("it is declared");
    assert_eq!(field.allowed, [json!("busy"), json!("idle"), json!("starting")]);
    let execute = &spec.messages["execute_request"];
    assert_eq!(execute.pair.as_deref(), Some("execute_reply"));
    assert!(execute.has_status());
    let debug = spec.messages["debug_reply"].command("copyToGlobals").expect("it is declared");
    assert_eq!(debug.since, "5.5".parse().ok());
}
