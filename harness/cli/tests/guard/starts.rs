//! How a kernel is started, and what is told where it can't be.

use std::fs::File;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use harness::session::kernel::{Command, ExitStatus, Greeted, Greeting, KernelProcess, Launcher, StartError, Target};
use harness::trace::Event;
use harness::wire::{ConnectionInfo, TransportKind};

use crate::bench::{Bench, FIRST, GUARD, PATIENCE, command};

#[test]
fn the_process_is_as_jupyter_makes_it() {
    // The shell that runs the guard ignores SIGINT, as a shell makes of all it starts in the background.
    let bench = Bench::new();
    let script = r#"trap "" INT QUIT; exec "$0" guard "$@""#;
    let guard_args = ["-c", script, GUARD].map(ToOwned::to_owned).to_vec();
    let launcher = Launcher { guard: "sh".into(), guard_args, runtime: bench.runtime.handle().clone() };
    // Not inherited by the kernel, though it is open and would be.
    let open = rustix::io::dup(File::open("/dev/null").expect("always there")).expect("room");
    assert!(!rustix::io::fcntl_getfd(&open).expect("open").contains(rustix::io::FdFlags::CLOEXEC));
    let program = r"
import os, stat, sys
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
status = dict(line.split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
print([fd for fd in range(4096) if is_open(fd)])
print(repr(sys.stdin.read()), stat.S_ISFIFO(os.fstat(0).st_mode))
print(os.getsid(0) == os.getpid() == os.getpgid(0))
print(int(os.environ['JPY_PARENT_PID']) == os.getppid())
print(status['SigIgn'].strip()[-4:], status['SigBlk'].strip())
";
    let kernel = bench.try_launch(&launcher, &["python3", "-S", "-E", "-c", program]).expect("a kernel");
    assert!(kernel.wait_exit(Instant::now() + PATIENCE).is_some());
    let seen = String::from_utf8(kernel.stdout_tail()).expect("text");
    // Python itself ignores SIGPIPE (bit 12).
    assert_eq!(seen, "[0, 1, 2]\n'' True\nTrue\nTrue\n1000 0000000000000000\n", "{}", String::from_utf8_lossy(&kernel.stderr_tail()));
    drop(open);
}

#[test]
fn environment_and_directory_are_given() {
    let bench = Bench::new();
    let mut command = command(&["sh", "-c", r#"echo "$A $PWD $0""#]);
    command.env.insert("A".into(), "é".into());
    command.cwd = Some(bench.dir.path().canonicalize().expect("it is there"));
    let kernel = bench.launcher().launch(&command, &bench.file, FIRST, &bench.recorder).expect("a kernel");
    assert!(kernel.wait_exit(Instant::now() + PATIENCE).is_some());
    let dir = bench.dir.path().canonicalize().expect("it is there");
    let expected = format!("é {} {}\n", dir.display(), bench.file.path().display());
    assert_eq!(String::from_utf8(kernel.stdout_tail()).expect("text"), expected);
}

#[test]
fn the_ports_are_free_for_the_kernel_and_taken_before() {
    let bench = Bench::new();
    let port = bench.file.info().shell_port;
    assert!(TcpListener::bind(("127.0.0.1", u16::try_from(port).expect("a port"))).is_err());
    let program = r"
import json, socket, sys
info = json.load(open(sys.argv[1]))
for name in ('shell', 'iopub', 'stdin', 'control', 'hb'):
    s = socket.socket(); s.bind((info['ip'], info[name + '_port'])); s.listen()
    print(name)
";
    assert_eq!(bench.output(&["python3", "-S", "-E", "-c", program]), "shell\niopub\nstdin\ncontrol\nhb\n");
}

#[test]
fn what_can_not_be_run_is_told() {
    let bench = Bench::new();
    let told = |launcher: &Launcher, argv: &[&str]| bench.try_launch(launcher, argv).expect_err("no such program").to_string();
    let launcher = bench.launcher();
    assert!(told(&launcher, &["no-such-kernel"]).starts_with("no such file: no-such-kernel, looked for in PATH: /"));
    assert_eq!(told(&launcher, &["/no/such/kernel"]), "no such file: /no/such/kernel");
    assert_eq!(told(&launcher, &["/dev/null"]), "/dev/null is not an executable file");

    let script = bench.dir.path().join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").expect("writable");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    let script = script.to_str().expect("text");
    assert_eq!(told(&launcher, &[script]), format!("cannot run {script}: No such file or directory (os error 2)"));

    let none = Launcher { guard: "/no/guard".into(), ..bench.launcher() };
    assert_eq!(told(&none, &["true"]), "cannot run the guard /no/guard: No such file or directory (os error 2)");
    let wrong = Launcher { guard: "sh".into(), guard_args: vec!["-c".into(), "echo what >&2".into()], ..bench.launcher() };
    assert_eq!(told(&wrong, &["true"]), "cannot run the guard sh: it ended at once: what");
    let lost = Command { cwd: Some("/no/directory".into()), ..command(&["true"]) };
    let error = launcher.launch(&lost, &bench.file, FIRST, &bench.recorder).expect_err("no such directory").to_string();
    assert_eq!(error, "no such file: /no/directory");
    assert_eq!(bench.events().len(), 1, "nothing was started");
}

/// A client that needs no sockets: it waits for the kernel's end, or for a port to be bound.
struct Watcher {
    /// Takes a port of the first kernel, as another program could.
    steal: bool,
    opened: u32,
    stolen: Option<TcpListener>,
}

impl Watcher {
    fn new(steal: bool) -> Self {
        Self { steal, opened: 0, stolen: None }
    }
}

impl Greeting for Watcher {
    type Client = u32;

    fn open(&mut self, connection: &ConnectionInfo) -> Result<u32, String> {
        self.opened += 1;
        assert_eq!(connection.transport, TransportKind::Tcp);
        Ok(connection.stdin_port)
    }

    fn wait(&mut self, port: &mut u32, process: Option<&Arc<KernelProcess>>) -> Greeted {
        let process = process.expect("a kernel of ours");
        if self.steal && self.stolen.is_none() {
            let port = u16::try_from(*port).expect("a port");
            self.stolen = Some(TcpListener::bind(("127.0.0.1", port)).expect("released"));
            return Greeted::NoAnswer;
        }
        if self.steal {
            return Greeted::Ready;
        }
        process.wait_exit(Instant::now() + PATIENCE).map_or(Greeted::NoAnswer, |_| Greeted::Exited)
    }
}

#[test]
fn a_start_is_tried_again_where_another_program_took_a_port() {
    let bench = Bench::new();
    let mut watcher = Watcher::new(true);
    let target = Target::Command(command(&["sh", "-c", "exec sleep 1000"]));
    let kernel = bench.starter().start(&target, &mut fastrand::Rng::with_seed(1), &mut watcher).expect("a second start");
    assert_eq!((kernel.life, watcher.opened), (2, 2));
    let stolen = watcher.stolen.and_then(|stolen| stolen.local_addr().ok()).expect("taken").port();
    drop(kernel);
    let events = bench.events();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["trace", "kernel", "signal", "exit", "note", "kernel", "signal", "exit"]);
    assert!(
        matches!(&events[4], Event::Noted(noted) if noted.what == "bind_clash" && noted.text == format!("another program has port {stolen} (stdin)")),
        "{events:?}"
    );
}

#[test]
fn a_kernel_that_always_says_that_its_ports_are_taken_is_given_up() {
    let bench = Bench::new();
    let mut watcher = Watcher::new(false);
    let target = Target::Command(command(&["sh", "-c", "echo 'zmq: Address already in use (tcp://…)' >&2; exit 1"]));
    let error = bench.starter().start(&target, &mut fastrand::Rng::with_seed(1), &mut watcher).expect_err("never");
    assert_eq!(watcher.opened, 4);
    assert_eq!(
        error.to_string(),
        "another program took a port of the kernel, 4 times in a row: the kernel says: zmq: Address already in use (tcp://…)"
    );
}

#[test]
fn a_kernel_that_ends_at_once_tells_its_last_words() {
    let bench = Bench::new();
    let mut watcher = Watcher::new(false);
    let target = Target::Command(command(&["sh", "-c", "echo no module named kernel >&2; exit 4"]));
    let error = bench.starter().start(&target, &mut fastrand::Rng::with_seed(1), &mut watcher).expect_err("never");
    assert_eq!(watcher.opened, 1);
    assert!(matches!(error, StartError::Exited { status: ExitStatus { code: Some(4), signal: None }, .. }), "{error:?}");
    assert_eq!(error.to_string(), "the kernel ended before it answered: exit code 4\nit wrote to stderr:\n  no module named kernel");
}
