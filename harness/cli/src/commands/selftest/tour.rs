//! A short way through the protocol: scenarios that between them send every message type that any scenario sends.

use std::collections::BTreeSet;

use harness::spec::{Action, Scenario, Spec};

/// The scenarios, as indices. Those that share a kernel are preferred, as each other one costs a start.
pub(super) fn tour(spec: &Spec) -> BTreeSet<usize> {
    let mut order: Vec<usize> = (0..spec.scenarios.len()).collect();
    order.sort_by_key(|&index| (spec.scenarios[index].fresh, spec.scenarios[index].steps.len()));
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut tour = BTreeSet::new();
    for index in order {
        let before = seen.len();
        seen.extend(sent(&spec.scenarios[index]));
        if seen.len() > before {
            tour.insert(index);
        }
    }
    tour
}

fn sent(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Send(send) => Some(send.message_type.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use harness::spec::Spec;

    use super::{sent, tour};

    #[test]
    fn a_tour_sends_every_type_in_fewer_scenarios() {
        let spec = Spec::embedded();
        let tour = tour(&spec);
        let all: BTreeSet<&str> = spec.scenarios.iter().flat_map(sent).collect();
        let of_tour: BTreeSet<&str> = tour.iter().flat_map(|&index| sent(&spec.scenarios[index])).collect();
        assert_eq!(of_tour, all);
        assert!(tour.len() <= all.len());
    }
}
