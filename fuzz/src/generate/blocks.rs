//! Steps that belong together: what blocks a kernel with what frees it, and what makes a thing with what uses it.
//!
//! A fact that convicts is given only where the block sees to it that it holds: whoever is interrupted runs by then and has nothing before
//! it in the queue, and who leaves has nothing else under way.

use harness::spec::{Await, Send};
use harness::wire::Channel;
use serde_json::{Map, Value, json};

use super::draft::{Draft, execution, message};
use super::verbs::{ask, meanwhile};

/// How long a cell that has begun takes at most until an interrupt reaches its code, in seconds.
const UNDER_WAY: f64 = 0.2;
/// How long an interrupt takes at most to be over, where nothing runs.
const OVER: f64 = 0.1;

/// A cell without end, and an interrupt.
pub(super) fn interrupted_cell(draft: &mut Draft<'_>) {
    let Some(snippet) = draft.rng.choice(draft.stock.endless.iter().copied()) else { return ask(draft) };
    draft.settle();
    let client = draft.someone();
    let send = Send { wait_for: Await::Later, ..execution(snippet) };
    let running = draft.send(&client, snippet, send, &[("interrupted", json!(true))]);
    draft.wait(&running, "execute_input");
    meanwhile(draft);
    draft.pause(UNDER_WAY);
    draft.interrupt(Some(&running));
    draft.settle();
}

/// Input that is never given, and an interrupt.
pub(super) fn interrupted_input(draft: &mut Draft<'_>) {
    let Some((asking, asks)) = open_question(draft) else { return ask(draft) };
    let client = draft.someone();
    let running = draft.send(&client, "unanswered", asking, &[("asks", asks), ("interrupted", json!(true))]);
    draft.wait(&running, "input_request");
    meanwhile(draft);
    draft.pause(UNDER_WAY);
    draft.interrupt(Some(&running));
    draft.settle();
}

/// Input that is given when other things have happened.
pub(super) fn late_answer(draft: &mut Draft<'_>) {
    let Some((asking, asks)) = open_question(draft) else { return ask(draft) };
    let client = draft.someone();
    let running = draft.send(&client, "answered-late", asking, &[("asks", asks)]);
    draft.wait(&running, "input_request");
    meanwhile(draft);
    let reply = Send { content: object(&[("value", json!("late"))]), wait_for: Await::Later, ..message("input_reply", Channel::Stdin) };
    draft.send(&client, "answer", reply, &[]);
    draft.settle();
}

/// A cell that asks once and is left waiting, with nothing else under way.
fn open_question(draft: &mut Draft<'_>) -> Option<(Send, Value)> {
    let once: Vec<&str> = draft.stock.asking.iter().filter(|(_, answers)| answers.len() == 1).map(|(name, _)| *name).collect();
    let snippet = draft.rng.choice(once)?;
    draft.settle();
    Some((Send { content: object(&[("allow_stdin", json!(true))]), wait_for: Await::Later, ..execution(snippet) }, json!(1)))
}

/// Input that is given at once.
pub(super) fn answered_input(draft: &mut Draft<'_>) {
    let Some((snippet, answers)) = draft.rng.choice(draft.stock.asking.iter().copied()) else { return ask(draft) };
    draft.settle();
    let client = draft.someone();
    let answers: Vec<Value> = answers.iter().map(|answer| json!(answer)).collect();
    let asks = json!(answers.len());
    let send = Send { content: object(&[("allow_stdin", json!(true))]), answers, ..execution(snippet) };
    draft.send(&client, snippet, send, &[("asks", asks)]);
}

/// An interrupt that finds nothing to interrupt.
pub(super) fn idle_interrupt(draft: &mut Draft<'_>) {
    draft.settle();
    draft.interrupt(None);
    draft.pause(OVER);
}

/// A comm: opened for a target that is known or not, talked over, or closed; or a message for one that nobody knows.
pub(super) fn comm(draft: &mut Draft<'_>) {
    let client = draft.someone();
    let open = draft.rng.choice(&draft.comms).cloned();
    let data = json!({"number": draft.rng.u8(..), "text": "ü𝐛"});
    match (draft.rng.u8(..5), open) {
        (0 | 1, Some(id)) => {
            let send = Send { content: object(&[("comm_id", json!(id)), ("data", data)]), ..later(draft, "comm_msg") };
            draft.send(&client, "comm_msg", send, &[]);
        }
        (2, Some(id)) => {
            draft.comms.retain(|other| *other != id);
            let send = Send { content: object(&[("comm_id", json!(id))]), ..later(draft, "comm_close") };
            draft.send(&client, "comm_close", send, &[]);
        }
        (3, _) => {
            let id = draft.unique("none");
            let send = Send { content: object(&[("comm_id", json!(id)), ("data", data)]), ..later(draft, "comm_msg") };
            draft.send(&client, "comm_msg-unknown", send, &[("known_comm", json!(false))]);
        }
        _ => open_comm(draft, &client),
    }
}

fn open_comm(draft: &mut Draft<'_>, client: &str) {
    let id = draft.unique("comm");
    let target = draft.stock.target.clone().filter(|_| draft.rng.bool());
    let Some(target) = target else {
        let send =
            Send { content: object(&[("comm_id", json!(id)), ("target_name", json!("kernelcheck-none"))]), ..later(draft, "comm_open") };
        draft.send(client, "comm_open-unknown", send, &[("known_target", json!(false))]);
        return;
    };
    if !draft.has_target && !draft.blocked {
        draft.has_target = true;
        draft.send(client, "comm_register", execution("comm_register"), &[]);
    }
    let send = Send { content: object(&[("comm_id", json!(id)), ("target_name", json!(target))]), ..later(draft, "comm_open") };
    draft.comms.push(id);
    draft.send(client, "comm_open", send, &[]);
}

fn later(draft: &mut Draft<'_>, message_type: &str) -> Send {
    Send { wait_for: draft.awaits(), ..message(message_type, Channel::Shell) }
}

/// A subshell is made, listed, or deleted; what runs in it is the business of cells.
pub(super) fn subshell(draft: &mut Draft<'_>) {
    if !draft.stock.subshells {
        return ask(draft);
    }
    let client = draft.someone();
    let live = draft.rng.choice(&draft.subshells).cloned().filter(|_| draft.rng.bool());
    let Some(created) = live else {
        let name = draft.send(&client, "create_subshell", message("create_subshell_request", Channel::Control), &[]);
        draft.subshells.push(name);
        return;
    };
    // A cell of a subshell that is deleted meanwhile is another matter.
    draft.settle();
    draft.subshells.retain(|other| *other != created);
    let content = object(&[("subshell_id", json!(format!("$reply.{created}.content.subshell_id")))]);
    draft.send(&client, "delete_subshell", Send { content, ..message("delete_subshell_request", Channel::Control) }, &[]);
}

/// A client leaves while its cell runs, and another comes, perhaps under its identity.
pub(super) fn vanish(draft: &mut Draft<'_>) {
    let Some(client) = draft.guest().filter(|_| draft.stock.sleeps) else { return come_and_go(draft) };
    draft.settle();
    let send = Send { seconds: Some(0.3), wait_for: Await::Later, ..execution("sleep") };
    let running = draft.send(&client, "sleep", send, &[("asker", json!("gone"))]);
    draft.wait(&running, "status");
    draft.leave(&client);
    let identity = Some(client).filter(|_| draft.rng.bool());
    let guest = draft.come(identity);
    draft.send(&guest, "kernel_info_request", message("kernel_info_request", Channel::Shell), &[]);
}

/// A client comes, or one that waits for nothing leaves.
pub(super) fn come_and_go(draft: &mut Draft<'_>) {
    match draft.guest().filter(|_| draft.rng.bool()) {
        Some(client) => {
            draft.settle();
            draft.leave(&client);
        }
        None => drop(draft.come(None)),
    }
}

fn object(members: &[(&str, Value)]) -> Map<String, Value> {
    members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
