//! What the system knew of a kernel's processes, on a line or two each. All of it stands in `results.json`.

use std::collections::BTreeMap;

use serde_json::Value;

/// What of the details is told here.
pub(super) const KEYS: [&str; 12] = [
    "name",
    "pid",
    "state",
    "cpu_user_ns",
    "cpu_sys_ns",
    "rss_bytes",
    "open_fds",
    "thread_count",
    "threads",
    "voluntary_switches",
    "involuntary_switches",
    "children",
];

/// How deep in the tree of its processes they are told.
const DEPTH: usize = 4;

/// The lines; none if there was no process.
pub(super) fn lines(details: &BTreeMap<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    tell(&|key| details.get(key), "Process", 0, &mut lines);
    lines
}

fn tell<'a>(get: &dyn Fn(&str) -> Option<&'a Value>, what: &str, depth: usize, lines: &mut Vec<String>) {
    let Some(pid) = get("pid") else { return };
    let number = |key: &str| get(key).and_then(Value::as_u64).unwrap_or_default();
    let text = |key: &str| get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let cpu = std::time::Duration::from_nanos(number("cpu_user_ns") + number("cpu_sys_ns")).as_secs_f64();
    lines.push(format!(
        "{what}: {} (pid {pid}) in state {}, {cpu:.2} s of CPU, {} MiB, {} threads, {} open files",
        text("name"),
        text("state"),
        number("rss_bytes") >> 20,
        number("thread_count"),
        number("open_fds"),
    ));
    let waiting = waiting(get("threads"));
    if !waiting.is_empty() {
        lines.push(format!("Threads: {}", waiting.join(", ")));
    }
    for child in get("children").and_then(Value::as_array).into_iter().flatten().filter(|_| depth < DEPTH) {
        tell(&|key| child.get(key), "Child", depth + 1, lines);
    }
}

/// How many threads are in which state, and where in the kernel of the system they wait.
fn waiting(threads: Option<&Value>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for thread in threads.and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| thread[key].as_str().unwrap_or_default();
        let place = text("wchan");
        let place = if place.is_empty() || place == "0" { format!("state {}", text("state")) } else { place.to_owned() };
        *counts.entry(place).or_default() += 1;
    }
    counts.into_iter().map(|(place, count)| format!("{count} in {place}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lines;

    #[test]
    fn a_process_is_told_on_two_lines() {
        let details = json!({
            "name": "python", "pid": 7, "state": "S", "cpu_user_ns": 1_100_000_000_u64, "cpu_sys_ns": 70_000_000, "rss_bytes": 79_183_872,
            "open_fds": 64, "thread_count": 3,
            "threads": [{"wchan": "do_epoll_wait", "state": "S"}, {"wchan": "do_epoll_wait", "state": "S"}, {"wchan": "0", "state": "R"}],
        });
        let details = details.as_object().expect("an object").clone().into_iter().collect();
        assert_eq!(
            lines(&details),
            [
                "Process: python (pid 7) in state S, 1.17 s of CPU, 75 MiB, 3 threads, 64 open files",
                "Threads: 2 in do_epoll_wait, 1 in state R",
            ]
        );
        assert!(lines(&std::collections::BTreeMap::new()).is_empty());
    }

    #[test]
    fn a_child_follows_its_parent() {
        let child = json!({"name": "java", "pid": 8, "state": "S", "thread_count": 1, "threads": [{"wchan": "futex_do_wait"}]});
        let details = json!({"name": "sh", "pid": 7, "state": "S", "threads": [], "children": [child]});
        let details = details.as_object().expect("an object").clone().into_iter().collect();
        assert_eq!(
            lines(&details),
            [
                "Process: sh (pid 7) in state S, 0.00 s of CPU, 0 MiB, 0 threads, 0 open files",
                "Child: java (pid 8) in state S, 0.00 s of CPU, 0 MiB, 1 threads, 0 open files",
                "Threads: 1 in futex_do_wait",
            ]
        );
    }
}
