//! The smallest plan that still shows the same.
//!
//! Steps go first, in ever smaller chunks (delta debugging); then clients; then what single messages carry. Whoever judges says of each
//! candidate whether it shows the same, and ends the shrinking by saying nothing. It never gives ground for a candidate that shows
//! nothing, so that a target which shows its defect only now and then costs length and not the finding.
//!
//! What a step needs goes with it: one that blocks the kernel stays or goes with what frees it, and what quotes an answer, waits for a step
//! or belongs to a client goes with them ([`parts`]).

mod ddmin;
mod parts;
mod simplify;

use std::collections::HashSet;

use harness::plan::{Object, Plan};

pub use ddmin::ddmin;
pub use parts::is_sound;
use parts::{of_parts, parts};
use simplify::{edits, merged_clients};

/// Says whether a plan shows what is looked for; `None` ends the shrinking.
pub type Shows<'a> = dyn FnMut(&Plan) -> Option<bool> + 'a;
/// The content of an honest message of a type, as the spec's sample has it.
pub type Samples<'a> = dyn Fn(&str) -> Option<Object> + 'a;

/// Makes a plan that shows something as small as it gets, as far as `shows` goes along.
pub fn shrink(plan: &Plan, samples: &Samples<'_>, shows: &mut Shows<'_>) -> Plan {
    let mut trials = Trials { shows, failed: HashSet::new(), over: false };
    let mut plan = plan.clone();
    loop {
        let before = plan.clone();
        plan = fewer_steps(&plan, &mut trials);
        plan = fewer_clients(&plan, &mut trials);
        plan = simpler_steps(&plan, samples, &mut trials);
        if trials.over || plan == before {
            return plan;
        }
    }
}

/// Who judges, and what is known not to show it.
struct Trials<'a, 'b> {
    shows: &'a mut Shows<'b>,
    failed: HashSet<String>,
    over: bool,
}

impl Trials<'_, '_> {
    /// Whether a candidate shows it. What was in vain once is not played again.
    fn try_out(&mut self, candidate: &Plan) -> bool {
        if self.over || !is_sound(candidate) {
            return false;
        }
        let text = serde_json::to_string(candidate).unwrap_or_else(|error| panic!("a plan is plain data and serializes: {error}"));
        if self.failed.contains(&text) {
            return false;
        }
        match (self.shows)(candidate) {
            Some(true) => true,
            Some(false) => {
                self.failed.insert(text);
                false
            }
            None => {
                self.over = true;
                false
            }
        }
    }
}

fn fewer_steps(plan: &Plan, trials: &mut Trials<'_, '_>) -> Plan {
    let all = parts(plan);
    let kept = ddmin(&all, &mut |kept| {
        let candidate = of_parts(plan, kept);
        let shows = candidate.is_some_and(|candidate| trials.try_out(&candidate));
        if trials.over { None } else { Some(shows) }
    });
    // All of them are the plan itself, which is sound as it is.
    if kept.len() == all.len() { plan.clone() } else { of_parts(plan, &kept).unwrap_or_else(|| plan.clone()) }
}

fn fewer_clients(plan: &Plan, trials: &mut Trials<'_, '_>) -> Plan {
    let mut plan = plan.clone();
    for candidate in merged_clients(&plan) {
        if trials.try_out(&candidate) {
            // The next ones were made of the plan as it was.
            return fewer_clients(&candidate, trials);
        }
    }
    let used = |client: &String| client == "a" || plan.steps.iter().any(|step| step.client == *client);
    let clients: Vec<String> = plan.clients.iter().filter(|client| used(client)).cloned().collect();
    let without = Plan { clients, ..plan.clone() };
    if without.clients.len() < plan.clients.len() && trials.try_out(&without) {
        plan = without;
    }
    plan
}

fn simpler_steps(plan: &Plan, samples: &Samples<'_>, trials: &mut Trials<'_, '_>) -> Plan {
    let mut plan = plan.clone();
    for index in 0..plan.steps.len() {
        for edit in edits(&plan.steps[index], samples) {
            let mut candidate = plan.clone();
            edit(&mut candidate.steps[index]);
            if candidate != plan && trials.try_out(&candidate) {
                plan = candidate;
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use harness::plan::{Action, Await, Outgoing, Owed, Step, Wait};
    use harness::wire::Channel;
    use serde_json::json;

    use super::*;

    fn step(name: &str, client: &str, action: Action) -> Step {
        Step { name: Some(name.to_owned()), client: client.to_owned(), action, facts: Default::default() }
    }

    fn ask(name: &str, client: &str) -> Step {
        let content = json!({"code": name, "silent": true}).as_object().cloned().unwrap_or_default();
        let outgoing = Outgoing { repeat: 3, ..Outgoing::honest(Channel::Shell, "execute_request", content, Owed::nothing()) };
        step(name, client, Action::Send(Box::new(outgoing)))
    }

    fn plan(steps: Vec<Step>) -> Plan {
        let clients = ["a", "b"].map(str::to_owned).to_vec();
        Plan::of("x/y".to_owned(), clients, steps)
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.steps.iter().filter_map(|step| step.name.as_deref()).collect()
    }

    fn sample(_: &str) -> Option<Object> {
        json!({"code": "", "silent": false}).as_object().cloned()
    }

    #[test]
    fn two_steps_that_matter_are_all_that_stays() {
        let others = |from: u32, to: u32| (from..to).map(|number| ask(&format!("x{number}"), "b")).collect::<Vec<_>>();
        let all = [others(0, 20), vec![ask("A", "b")], others(20, 35), vec![ask("B", "b")], others(35, 48)].concat();
        let mut played = 0;
        let small = shrink(&plan(all), &sample, &mut |plan| {
            played += 1;
            let at = |name: &str| names(plan).iter().position(|known| *known == name);
            Some(at("A").zip(at("B")).is_some_and(|(a, b)| a < b))
        });
        assert_eq!(names(&small), ["A", "B"]);
        assert_eq!(small.clients, ["a"]);
        let Action::Send(outgoing) = &small.steps[0].action else { panic!("it is still a message") };
        assert_eq!((outgoing.repeat, &outgoing.content), (1, &sample("").expect("a sample")));
        assert!(played < 80, "{played} plays");
    }

    #[test]
    fn what_blocks_the_kernel_goes_with_what_frees_it() {
        let mut blocking = ask("loop", "a");
        blocking.facts.insert("interrupted".to_owned(), json!(true));
        if let Action::Send(outgoing) = &mut blocking.action {
            outgoing.awaits = Await::Later;
        }
        let wait = Wait { of: "loop".to_owned(), any_parent: false, msg_type: "execute_input".to_owned(), content: Object::new() };
        let steps = vec![
            ask("x", "a"),
            blocking,
            step("wait", "a", Action::Wait(wait)),
            ask("y", "a"),
            step("pause", "a", Action::Pause(0.2)),
            step("interrupt", "a", Action::Interrupt),
            ask("z", "a"),
        ];
        let with = |wanted: &'static [&'static str]| {
            let small = shrink(&plan(steps.clone()), &sample, &mut |plan| Some(wanted.iter().all(|name| names(plan).contains(name))));
            names(&small).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(with(&["loop"]), ["loop", "wait", "pause", "interrupt"]);
        assert_eq!(with(&["y"]), ["y"]);
        assert_eq!(with(&["interrupt", "z"]), ["loop", "wait", "pause", "interrupt", "z"]);
    }

    #[test]
    fn what_quotes_an_answer_goes_with_the_question() {
        let mut quoting = ask("quoting", "a");
        if let Action::Send(outgoing) = &mut quoting.action {
            outgoing.header.insert("subshell_id".to_owned(), json!("$reply.create.content.subshell_id"));
        }
        let guest = Action::Connect { topics: Vec::new(), identity_of: None, identity: None, deaf: false, welcomed: false, cut_off: false };
        let steps = vec![ask("create", "a"), step("come", "c", guest), ask("by-guest", "c"), quoting, ask("x", "a")];
        let small = shrink(&plan(steps), &sample, &mut |plan| Some(names(plan).contains(&"x") && !names(plan).contains(&"create")));
        assert_eq!(names(&small), ["x"]);
    }

    #[test]
    fn a_budget_that_is_over_leaves_the_smallest_so_far() {
        let mut left = 5;
        let all: Vec<Step> = (0..40).map(|number| ask(&format!("x{number}"), "a")).collect();
        let small = shrink(&plan(all), &sample, &mut |plan| {
            left -= 1;
            (left > 0).then(|| names(plan).contains(&"x7"))
        });
        assert!(names(&small).contains(&"x7") && small.steps.len() < 40);
    }
}
