//! The messages that steps of a plan wait for, and which of them came.

use crate::plan::{Action, Plan, Wait};
use crate::wire::Json;

/// All that the steps of one scenario wait for. What came before its step waits for it has come as well.
#[derive(Debug, Default)]
pub(super) struct Watched(Vec<Watch>);

#[derive(Debug)]
struct Watch {
    wait: Wait,
    /// The steps that wait for it.
    steps: Vec<String>,
    came: bool,
}

impl Watched {
    /// Forgets the scenario before, and notes what is waited for in this one.
    pub(super) fn begin(&mut self, plan: &Plan) {
        self.0.clear();
        for step in &plan.steps {
            let Action::Wait(wait) = &step.action else { continue };
            let name = step.name.iter().cloned();
            match self.0.iter_mut().find(|watch| watch.wait == *wait) {
                Some(watch) => watch.steps.extend(name),
                None => self.0.push(Watch { wait: wait.clone(), steps: name.collect(), came: false }),
            }
        }
    }

    /// Whether such a message came.
    pub(super) fn has_come(&self, wait: &Wait) -> bool {
        self.0.iter().any(|watch| watch.came && watch.wait == *wait)
    }

    /// Notes that a message of a type came. `fits` tells whether it belongs to the step that a wait names, `content` what it holds.
    /// Returns the steps that waited for it and nothing before it.
    pub(super) fn message_came(&mut self, msg_type: &str, fits: impl Fn(&Wait) -> bool, content: impl Fn() -> Option<Json>) -> Vec<String> {
        let holds = |wait: &Wait| {
            wait.content.is_empty()
                || content()
                    .is_some_and(|found| wait.content.iter().all(|(key, wanted)| found.get(key) == Some(&Json::from(wanted.clone()))))
        };
        let open = self.0.iter_mut().filter(|watch| !watch.came && watch.wait.msg_type == msg_type);
        let mut steps = Vec::new();
        for watch in open.filter(|watch| fits(&watch.wait) && holds(&watch.wait)) {
            watch.came = true;
            steps.extend(watch.steps.iter().cloned());
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Object, Step};

    fn wait(msg_type: &str, event: Option<&str>) -> Wait {
        let content = event.map(|event| ("event".to_owned(), json!(event))).into_iter().collect::<Object>();
        Wait { of: "run".to_owned(), any_parent: true, msg_type: msg_type.to_owned(), content }
    }

    #[test]
    fn a_message_comes_for_those_whose_wishes_it_meets() {
        let waits =
            [("first", wait("debug_event", Some("stopped"))), ("second", wait("debug_event", None)), ("third", wait("stream", None))];
        let step = |(name, wait): &(&str, Wait)| Step {
            name: Some((*name).to_owned()),
            client: "a".to_owned(),
            action: Action::Wait(wait.clone()),
            facts: Default::default(),
        };
        let mut watched = Watched::default();
        let steps = waits.iter().map(step).collect();
        watched.begin(&Plan::of(String::new(), Vec::new(), steps));
        let event = |event: &str| Some(Json::from(json!({ "event": event, "seq": 1 })));
        assert_eq!(watched.message_came("debug_event", |_| false, || event("stopped")), [""; 0]);
        assert_eq!(watched.message_came("debug_event", |_| true, || event("continued")), ["second"]);
        assert!(!watched.has_come(&waits[0].1) && watched.has_come(&waits[1].1));
        assert_eq!(watched.message_came("debug_event", |_| true, || event("stopped")), ["first"]);
        assert!(watched.has_come(&waits[0].1) && !watched.has_come(&waits[2].1));
    }
}
