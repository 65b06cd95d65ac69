//! What the harness costs, as ratios to a bare libzmq client on the same kernel in the same run: `make bench`.
//!
//! - the round trip of a question through session and recorder, against the reference kernel and a real ipykernel
//! - recording and judging a run's messages again, in messages a second on one core

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::oracle::Oracle;
use harness::session::kernel::{Command, InterruptMode, Launcher, Lives, Reach, Target};
use harness::session::run::{Follow, ProfileChoice, RunOptions, run};
use harness::session::transport::Wire;
use harness::session::{Cancel, Session, Starting};
use harness::spec::Spec;
use harness::trace::{Event, Record, Recorder, read_trace};
use harness::wire::{Channel, ConnectionInfo, Header, Message, Signer};

/// Round trips of one client before the other gets its turn.
const BLOCK: usize = 50;
/// Turns of each.
const BLOCKS: usize = 40;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let launcher = Launcher { guard: binary(), guard_args: vec!["guard".to_owned()], runtime: runtime.handle().clone() };
    for (name, argv) in kernels() {
        round_trips(&name, argv, &launcher);
    }
    throughput(&launcher);
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

/// A client as small as one can be: it signs, sends, and waits for the reply and the idle of its question.
struct Bare {
    shell: zmq::Socket,
    iopub: zmq::Socket,
    signer: Signer,
    asked: u64,
}

impl Bare {
    fn connect(link: &ConnectionInfo) -> Self {
        let context = zmq::Context::new();
        let open = |kind, channel| {
            let socket = context.socket(kind).expect("a socket");
            socket.connect(&link.endpoint(channel)).expect("an endpoint");
            socket
        };
        let (shell, iopub) = (open(zmq::DEALER, Channel::Shell), open(zmq::SUB, Channel::Iopub));
        iopub.set_subscribe(b"").expect("a subscription");
        let mut bare = Self { shell, iopub, signer: link.signer().expect("a known scheme"), asked: 0 };
        // The subscription lives once a status comes.
        while !bare.hears_status() {}
        bare
    }

    fn hears_status(&mut self) -> bool {
        self.ask();
        self.shell.recv_multipart(0).expect("a reply");
        let heard = self.iopub.poll(zmq::POLLIN, 100).expect("a socket") > 0;
        self.drain();
        heard
    }

    fn ask(&mut self) -> String {
        self.asked += 1;
        let id = format!("bare-{}", self.asked);
        let header = Header {
            msg_id: id.clone(),
            session: "bare".to_owned(),
            username: "bare".to_owned(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            msg_type: "kernel_info_request".to_owned(),
            version: "5.5".to_owned(),
            subshell_id: None,
        };
        let empty = || b"{}".to_vec();
        let message =
            Message { header: header.to_json().into_bytes(), parent: empty(), metadata: empty(), content: empty(), ..Message::default() };
        self.shell.send_multipart(message.encode(&self.signer), 0).expect("a socket");
        id
    }

    fn round_trip(&mut self) {
        let id = self.ask();
        let (mut replied, mut idle) = (false, false);
        while !(replied && idle) {
            let mut items = [self.shell.as_poll_item(zmq::POLLIN), self.iopub.as_poll_item(zmq::POLLIN)];
            zmq::poll(&mut items, -1).expect("sockets");
            let readable = [items[0].is_readable(), items[1].is_readable()];
            if readable[0] {
                replied |= self.is_mine(&self.shell.recv_multipart(0).expect("a message"), &id).is_some();
            }
            if readable[1] {
                let content = self.is_mine(&self.iopub.recv_multipart(0).expect("a message"), &id);
                idle |= content.is_some_and(|content| content["execution_state"] == "idle");
            }
        }
    }

    /// The content of a message that verifies and has this parent.
    fn is_mine(&self, frames: &[Vec<u8>], id: &str) -> Option<serde_json::Value> {
        let at = frames.iter().position(|frame| frame == b"<IDS|MSG>")?;
        let parts: [&[u8]; 4] = [&frames[at + 2], &frames[at + 3], &frames[at + 4], &frames[at + 5]];
        assert!(self.signer.verify(&frames[at + 1], &parts));
        let json = |part: &[u8]| serde_json::from_slice::<serde_json::Value>(part).expect("JSON");
        let (_header, parent, _metadata) = (json(parts[0]), json(parts[1]), json(parts[2]));
        (parent["msg_id"] == id).then(|| json(parts[3]))
    }

    fn drain(&self) {
        while self.iopub.recv_multipart(zmq::DONTWAIT).is_ok() {}
    }
}

struct Nobody;

impl Follow for Nobody {
    fn follow(&mut self, _line: u64, _records: Vec<Record>) -> Vec<String> {
        Vec::new()
    }
}

/// Plays all scenarios on the reference kernel once, then records and judges what was seen again and again.
fn throughput(launcher: &Launcher) {
    let spec = Arc::new(Spec::embedded());
    let dir = tempfile::tempdir().expect("a directory");
    let options = RunOptions {
        target: Target::Command(Command::from_argv(kernels().swap_remove(0).1).expect("a command")),
        profile: ProfileChoice::Auto,
        // One message of 20 MB would hide what the others cost.
        scenarios: (0..spec.scenarios.len()).filter(|&index| spec.scenarios[index].id() != "streams/huge").collect(),
        seed: 7,
        out: dir.path().to_owned(),
        fresh: false,
        reach: Reach::default(),
        wire: Wire::default(),
        interrupt_mode: InterruptMode::Signal,
        deadline_scale: 1.0,
        cancel: Cancel::new().expect("a descriptor"),
        launcher: launcher.clone(),
    };
    let ran = run(&options, &spec, vec![Nobody], &mut |_| {}).expect("a run");
    let records = read_trace(&dir.path().join("trace.jsonl")).expect("the trace");
    let messages = records.iter().filter(|record| matches!(record.event, Event::Sent(_) | Event::Received(_))).count();
    println!("a run on the reference kernel: {:?}, {} messages, {:?}", ran.wall, messages, ran.timings);
    let recording = timed(|| record_again(&records, dir.path()));
    let mut oracle = Oracle::new(&spec).expect("right rules");
    let judging = timed(|| records.into_iter().zip(1..).for_each(|(record, line)| oracle.observe(record, line)));
    let rate = |time: Duration| messages as f64 / time.as_secs_f64();
    println!("recording {:.0}, judging {:.0}, both {:.0} messages a second", rate(recording), rate(judging), rate(recording + judging));
}

fn record_again(records: &[Record], dir: &Path) {
    let recorder = Recorder::create(&dir.join("again.jsonl"), 7).expect("a new file");
    recorder.keep(false);
    for record in records {
        recorder.record(record.event.clone());
        if matches!(record.event, Event::Settled(_)) {
            recorder.flush().expect("a writable file");
        }
    }
}
