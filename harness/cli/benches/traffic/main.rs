//! What the harness costs, as ratios to a bare libzmq client on the same kernel in the same run: `make bench`.
//!
//! - the round trip of a question through session and recorder, against the reference kernel and a real ipykernel
//! - all scenarios, and the requests of the plain ones by the bare client
//! - recording and judging a run's messages again, in messages a second on one core

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod again;
mod bare;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::oracle::Oracle;
use harness::session::kernel::{Command, InterruptMode, Launcher, Lives, Reach, Target};
use harness::session::run::{Follow, Part, ProfileChoice, RunOptions, run};
use harness::session::transport::Wire;
use harness::session::{Cancel, Overtaking, Session, Starting};
use harness::spec::Spec;
use harness::trace::{Event, Record, Recorder, read_trace};

use bare::Bare;

/// Round trips of one client before the other gets its turn.
const BLOCK: usize = 50;
/// Turns of each.
const BLOCKS: usize = 40;
/// Times that a run's messages are recorded and judged again. The fastest counts: what disturbs only makes it slower. On a machine that
/// others share a few are all disturbed.
const AGAIN: usize = 30;

/// The program's own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let launcher = Launcher { guard: binary(), guard_args: vec!["guard".to_owned()], runtime: runtime.handle().clone() };
    for (name, argv) in kernels() {
        round_trips(&name, argv.clone(), &launcher);
        whole_run(&name, argv, &launcher);
    }
}

fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kernelcheck"))
}

/// The reference kernel, and the ipykernel of the environment that `KERNELCHECK_VENV` names.
fn kernels() -> Vec<(String, Vec<String>)> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let reference = words(&[&binary().to_string_lossy(), "fixture-kernel", "{connection_file}"]);
    let mut kernels = vec![("reference kernel".to_owned(), reference)];
    match std::env::var("KERNELCHECK_VENV") {
        Ok(venv) => {
            let argv = words(&[&format!("{venv}/bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]);
            kernels.push(("ipykernel".to_owned(), argv));
        }
        Err(_) => println!("KERNELCHECK_VENV is not set: ipykernel is left out"),
    }
    kernels
}

fn start(argv: Vec<String>, launcher: &Launcher, recorder: Arc<Recorder>) -> Session {
    let starting = Starting {
        overtaking: Overtaking::default(),
        own: None,
        target: Target::Command(Command::from_argv(argv).expect("a command with a connection file")),
        launcher: launcher.clone(),
        reach: Reach::default(),
        wire: Wire::default(),
        interrupt_mode: InterruptMode::Signal,
        deadline_scale: 1.0,
        cancel: Cancel::new().expect("a descriptor"),
        seed: 7,
        recorder,
        lives: Lives::default(),
    };
    starting.start().expect("a kernel that starts")
}

fn round_trips(name: &str, argv: Vec<String>, launcher: &Launcher) {
    let dir = tempfile::tempdir().expect("a directory");
    let recorder = Arc::new(Recorder::create(&dir.path().join("trace.jsonl"), 7).expect("a new file"));
    recorder.keep(false);
    let mut session = start(argv, launcher, Arc::clone(&recorder));
    let mut bare = Bare::connect(session.link());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..BLOCKS {
        theirs.extend((0..BLOCK).map(|_| timed(|| bare.round_trip())));
        ours.extend((0..BLOCK).map(|_| timed(|| assert!(session.round_trip().expect("sockets that work")))));
        // What the session heard of the other client's questions is taken in before its next turn.
        bare.drain();
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    println!("round trip, {name}: bare {theirs:?}, session and recorder {ours:?}, ratio {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
    session.finish().expect("a trace that can be written");
}

fn timed(act: impl FnOnce()) -> Duration {
    let began = Instant::now();
    act();
    began.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

struct Nobody;

impl Follow for Nobody {
    fn follow(&mut self, _line: u64, _records: Vec<Record>) -> Vec<String> {
        Vec::new()
    }
}

/// Plays all scenarios once, lets the bare client do the same, then records and judges what was seen again.
fn whole_run(name: &str, argv: Vec<String>, launcher: &Launcher) {
    let spec = Arc::new(Spec::embedded());
    let dir = tempfile::tempdir().expect("a directory");
    let options = RunOptions {
        target: Target::Command(Command::from_argv(argv.clone()).expect("a command")),
        profile: ProfileChoice::Auto,
        // One message of 20 MB would hide what the others cost.
        parts: (0..spec.scenarios.len()).filter(|&index| spec.scenarios[index].id() != "streams/huge").map(Part::Scenario).collect(),
        seed: 7,
        out: dir.path().to_owned(),
        fresh: false,
        confirm: true,
        reach: Reach::default(),
        wire: Wire::default(),
        wire_throughout: false,
        interrupt_mode: InterruptMode::Signal,
        deadline_scale: 1.0,
        cancel: Cancel::new().expect("a descriptor"),
        launcher: launcher.clone(),
    };
    let ran = run(&options, &spec, vec![Nobody], &mut |_| {}).expect("a run");
    let records = read_trace(&dir.path().join("trace.jsonl")).expect("the trace");
    let messages = records.iter().filter(|record| matches!(record.event, Event::Sent(_) | Event::Received(_))).count();
    println!("a run, {name}: {:?}, {messages} messages, {:?}", ran.wall, ran.timings);

    let recorder = Arc::new(Recorder::in_memory(7));
    recorder.keep(false);
    let mut session = start(argv, launcher, recorder);
    let (plays, ours, theirs) = again::compare(&records, &session);
    session.finish().expect("a trace in memory");
    println!(
        "{plays} plain scenarios, {name}: bare {theirs:.2?}, session {ours:.2?}, ratio {:.2}",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );

    // In turns, so that a quiet moment serves both.
    let turns = (0..AGAIN).map(|_| (record_again(records.clone(), dir.path()), judge_again(records.clone(), &spec)));
    let (recordings, judgings): (Vec<Duration>, Vec<Duration>) = turns.unzip();
    let fastest = |times: Vec<Duration>| times.into_iter().min().expect("turns");
    let (recording, judging) = (fastest(recordings), fastest(judgings));
    let rate = |time: Duration| messages as f64 / time.as_secs_f64();
    let (each, judged) = (rate(recording), rate(judging));
    println!("recording {each:.0}, judging {judged:.0}, both {:.0} messages a second", rate(recording + judging));
}

fn record_again(records: Vec<Record>, dir: &Path) -> Duration {
    let path = dir.join("again.jsonl");
    let recorder = Recorder::create(&path, 7).expect("a new file");
    recorder.keep(false);
    let recording = timed(|| {
        for record in records {
            let is_settled = matches!(record.event, Event::Settled(_));
            recorder.record(record.event);
            if is_settled {
                recorder.flush().expect("a writable file");
            }
        }
        recorder.flush().expect("a writable file");
    });
    std::fs::remove_file(path).expect("the file");
    recording
}

fn judge_again(records: Vec<Record>, spec: &Spec) -> Duration {
    let mut oracle = Oracle::new(spec).expect("right rules");
    timed(|| records.into_iter().zip(1..).for_each(|(record, line)| oracle.observe(record, line)))
}
