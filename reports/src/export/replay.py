#!/usr/bin/env python3
"""Plays a finding of kernelcheck against a Jupyter kernel again. Python 3.8 and pyzmq are all that it needs.

    python3 SCRIPT                                      on the kernel that is named below
    python3 SCRIPT KERNELSPEC                           on another that is installed, by its name or directory
    python3 SCRIPT -- COMMAND... {connection_file}      on any other

It ends with 1 if the deviation shows again, 0 if it is gone, 2 if it could not be played, and 3 if you have to look yourself.
"""

import collections, ctypes, datetime, glob, hmac, json, os, re, secrets, shutil, signal, socket, subprocess, sys, tempfile
import threading, time, uuid

import zmq

# <plan>


# All below is the same for every finding: the process, its clients, and how they wait.

CHANNELS = ("shell", "control", "stdin", "iopub", "hb")
PARTS = ("header", "parent", "metadata", "content")
DELIMITER = b"<IDS|MSG>"
HALF = 0.5  # seconds after which the other half of an answer is asked after
ABSENT = object()


class Stop(Exception):
    """Why nothing more is played."""


class Kernel:
    """A process with a connection file of its own, and all that it starts."""

    def __init__(self, argv, env):
        self.argv, self.env, self.process = argv, env, None
        self.dir = tempfile.mkdtemp(prefix="kernel-")
        self.stderr, self.written = collections.deque(maxlen=20), 0
        self.link = {"transport": TRANSPORT, "ip": "127.0.0.1", "key": secrets.token_hex(32)}
        self.link["signature_scheme"] = "hmac-sha256"
        self.held = {}
        for number, channel in enumerate(CHANNELS, 1):
            if self.link["transport"] == "tcp":
                self.held[channel] = socket.socket()
                self.held[channel].bind(("127.0.0.1", 0))
                number = self.held[channel].getsockname()[1]
            else:
                self.link["ip"] = os.path.join(self.dir, "k")
            self.link[channel + "_port"] = number
        path, fields = "kernel.json", dict(self.link)
        # [START =]
        path, fields = START.get("path", path), self.made_odd(fields)
        # [end]
        self.file = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(fields, file, indent=2)

    # [START =]
    def made_odd(self, fields):
        """The fields of the connection file as this start wants them, with a port in use if it wants that."""
        occupied = START.get("occupied")
        if occupied and not self.held:
            os.mkdir(self.address(occupied)[len("ipc://"):])
        self.occupied = self.held.pop(occupied, None)
        if START.get("string_ports"):
            fields.update({name: str(value) for name, value in fields.items() if name.endswith("_port")})
        fields.update(START.get("connection", {}))
        fields = {name: value for name, value in fields.items() if name not in START.get("without", [])}
        if not fields.get("key"):
            self.link["key"] = ""
        # A kernel that takes a name that does not exist may go by the usual one.
        if fields.get("signature_scheme") in ("hmac-md5", "hmac-sha1", "hmac-sha256", "hmac-sha512"):
            self.link["signature_scheme"] = fields["signature_scheme"]
        return fields

    # [end]
    def address(self, channel):
        return "{transport}://{ip}{}{}".format("-" if self.link["transport"] == "ipc" else ":", self.link[channel + "_port"], **self.link)

    def sign(self, parts, key=None):
        key = self.link["key"].encode() if key is None else key
        return hmac.new(key, b"".join(parts), self.link["signature_scheme"][len("hmac-"):]).hexdigest().encode() if key else b""

    def launch(self):
        for port in self.held.values():
            port.close()
        # What is typed here is no history of yours.
        histories = {name: os.path.join(self.dir, name) for name in ("IPYTHONDIR", "R_HISTFILE", "OCTAVE_HISTFILE", "HISTFILE")}
        argv = [argument.replace("{connection_file}", self.file) for argument in self.argv]
        env = {**histories, **os.environ, **self.env, "JPY_PARENT_PID": str(os.getpid())}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # [START =]
        if START.get("stdin_null"):
            pipes["stdin"] = subprocess.DEVNULL
        # [end]
        self.process = subprocess.Popen(argv, env=env, start_new_session=True, **pipes)
        if self.process.stdin:
            self.process.stdin.close()
        for pipe in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self.drain, args=(pipe,), daemon=True).start()

    def drain(self, pipe):
        for line in iter(lambda: pipe.readline(1 << 16), b""):
            self.written += len(line)
            if pipe is self.process.stderr:
                self.stderr.append(line.decode(errors="replace").rstrip())

    def how_it_ended(self):
        """None while it lives."""
        code = self.process.poll() if self.process else None
        return None if code is None else "exit code %d" % code if code >= 0 else "killed by signal %d" % -code

    def work(self):
        return sum(ticks for _, ticks in descendants().values()) + self.written

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def end(self):
        """Kills it with all its children, those too that left its process group."""
        if self.process:
            self.signal(signal.SIGKILL)
        try:
            while True:
                for pid in descendants():
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(-1, 0)
        except (ChildProcessError, ProcessLookupError):
            pass
        shutil.rmtree(self.dir, ignore_errors=True)


def descendants():
    """The parent and the CPU time of each process below this one; none where there is no /proc."""
    every, below = {}, {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat, "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            every[int(stat.split("/")[2])] = (int(fields[1]), int(fields[11]) + int(fields[12]))
        except OSError:
            pass  # It has ended meanwhile.
    more = {pid for pid, (parent, _) in every.items() if parent == os.getpid()}
    while more:
        below.update((pid, every[pid]) for pid in more)
        more = {pid for pid, (parent, _) in every.items() if parent in below and pid not in below}
    return below


class Message:
    """A message of the kernel, as far as it can be read."""

    def __init__(self, client, channel, frames, sign):
        self.client, self.channel, self.step = client, channel, None
        at = frames.index(DELIMITER) if DELIMITER in frames else len(frames)
        self.prefix, parts, self.buffers = frames[:at], frames[at + 2:at + 6], frames[at + 6:]
        self.signed_well = frames[at + 1:at + 2] == [sign(parts)]
        self.header, self.parent, self.metadata, self.content = [*map(read_json, parts), *[ABSENT] * (4 - len(parts))]
        names = [self.at("header.msg_type"), self.at("parent.msg_id")]
        self.type, self.parent_id = [name if isinstance(name, str) else None for name in names]
        state = self.at("content.execution_state")
        self.name = "%s %s" % (self.type, state) if self.type == "status" else self.type

    def at(self, path):
        part, *keys = path.split(".")
        value = getattr(self, part)
        for key in keys:
            if key == "#":
                value = len(value) if hasattr(value, "__len__") else ABSENT
            else:
                value = value.get(key, ABSENT) if isinstance(value, dict) else ABSENT
        return value


class Ask:
    """Something that was sent, and what is owed for it."""

    def __init__(self, step, client, channel, msg_type, msg_id, wants, **also):
        self.step, self.client, self.channel, self.type, self.id, self.wants = step, client, channel, msg_type, msg_id, set(wants)
        self.optional = self.odd = self.unowed = self.then_exit = self.heals = False
        self.answers, self.pending, self.fence, self.half, self.begun, self.echo = [], None, None, None, False, None
        self.seen, self.open, self.why, self.sent, self.later = set(), True, None, time.monotonic(), 0
        self.__dict__.update(also)

    def missing(self):
        return self.wants - self.seen

    def lacks(self, what):
        """Whether it was waited for in vain."""
        return what not in self.seen and self.why in ("deadline", "passed", "exited")

    def is_leaving(self):
        return "exit" in self.wants and "reply" in self.seen

    def __str__(self):
        return "%s [%s]" % (self.type, self.step)


class Client:
    """One DEALER for each of shell, control and stdin with one identity, a SUB and a REQ."""

    def __init__(self, name, context, kernel, topics=(b"",), identity=None, deaf=False, cut_off=False):
        self.name, self.session, self.deaf, self.cut_off, self.upstream = name, str(uuid.uuid4()), deaf, cut_off, None
        self.identity = identity or self.session.encode()
        self.hears_all, self.sockets, self.welcomed = b"" in topics and not deaf, {}, False
        for channel in CHANNELS:
            kind = {"iopub": zmq.SUB, "hb": zmq.REQ}.get(channel, zmq.DEALER)
            self.sockets[channel] = new = context.socket(kind)
            new.linger, new.sndhwm, new.rcvhwm, new.reconnect_ivl = 0, 0, 20000, -1 if cut_off else 5
            if kind == zmq.SUB:
                for topic in topics:
                    new.subscribe(topic)
                if deaf:
                    new.rcvhwm, new.rcvbuf = 1, 4096
            elif kind == zmq.REQ:
                new.req_relaxed = 1
            else:
                new.identity = self.identity
            new.connect(kernel.address(channel))


class Play:
    """Does the steps one by one; they call its methods."""

    def __init__(self, kernel, interrupt_mode):
        self.kernel, self.interrupt_mode, self.context, self.poller = kernel, interrupt_mode, zmq.Context(), zmq.Poller()
        self.clients, self.identities, self.gone, self.strangers = {}, {}, [], []
        self.asks, self.by_id, self.messages, self.waits = [], {}, [], []
        self.news, self.patience, self.worked = time.monotonic(), 5.0, None
        self.leaving, self.crash, self.ready, self.welcomes, self.interrupted = False, None, False, False, 0
        # [START_WANTED =]
        self.leaving = True  # How it ends is what this is about.
        # [end]
        self.last_line, self.repeats, self.began, self.outcome = None, 0, time.monotonic(), None

    # The steps.

    def send(self, client, channel, msg_type, content, *, step=None, wants=("reply", "idle"), optional=False, odd=False, awaits="settled",
             answers=(), repeat=1, then_exit=False, without_parent=False, parent=None, **oddities):
        # ["$reply.|"$input_request.|"$message.]
        try:
            self.await_all([ask for name in quoted((content, parent, oddities)) for ask in self.of(name)])
            content, parent, oddities = self.fill(content), self.fill(parent or {}), self.fill(oddities)
        except LookupError as error:
            return self.say("  not sent: [%s], as the kernel never sent what %s stands for" % (step, error))
        # [end]
        who, wants, parent = self.clients[client], set(wants), parent or {}
        if msg_type == "input_reply" and not parent and not without_parent:
            parent = next((ask.pending for ask in reversed(self.asks) if ask.client == client and ask.pending), {})
        if not who.hears_all or then_exit:
            wants.discard("idle")
        if then_exit:
            self.leaving = True
            wants |= {"exit"} if msg_type == "shutdown_request" else set()
        if channel == "control" and msg_type in ("kernel_info_request", "shutdown_request"):
            optional = msg_type == "kernel_info_request"  # Kernels before protocol 5.5 don't know it there.
        asked = []
        for number in range(repeat):
            msg_id, frames = self.compose(who, msg_type, content, parent, **oddities)
            self.deliver(client, channel, frames, "%s [%s] %s" % (msg_type, step, brief(content)), (msg_type, step))
            asked.append(Ask(step, client, channel, msg_type, msg_id, wants, optional=optional, odd=odd, unowed=awaits == "nothing",
                             answers=list(answers), heals=awaits == "settled", then_exit=then_exit))
            self.enter(asked[-1])
            if number % 16 == 15:
                self.receive(0)
        if awaits != "later":
            self.await_all(asked)
        return asked

    # [play.heartbeat(|play.not_echoed(]
    def heartbeat(self, client, payload, step=None):
        self.deliver(client, "hb", [payload], "[%s] %r" % (step, payload[:40]), None)
        self.enter(Ask(step, client, "hb", "heartbeat", None, {"echo"}, payload=payload))
        self.await_all(self.asks[-1:])
    # [end]

    # [play.frames(]
    def frames(self, client, channel, frames, step=None):
        self.deliver(client, channel, frames, "frames [%s] %s" % (step, brief([frame.decode("latin-1") for frame in frames])), None)
        self.enter(Ask(step, client, channel, "frames", None, (), optional=True, unowed=True))
        self.await_all(self.asks[-1:])
    # [end]

    # [play.tcp(]
    def tcp(self, channel, pieces, peers=1, stay=False):
        if self.kernel.link["transport"] != "tcp":
            return
        streams = []
        for _ in range(peers):
            try:
                streams.append(socket.create_connection(("127.0.0.1", self.kernel.link[channel + "_port"]), 1))
            except OSError:
                pass  # To refuse is no less right than to listen.
        self.say("> tcp to %s from %d: %r" % (channel, len(streams), pieces))
        for number, piece in enumerate(pieces):
            if number:
                self.pause(0.1)
            for stream in streams:
                try:
                    stream.sendall(piece)
                except OSError:
                    pass
        (self.strangers if stay else []).extend(streams)
    # [end]

    def settle(self, *steps):
        self.await_all([ask for ask in self.asks if ask.open and (not steps or ask.step in steps)])

    # [play.wait_for(]
    def wait_for(self, of, msg_type, content=None, any_parent=False, step=None):
        wait = {"of": of, "type": msg_type, "content": content or {}, "any": any_parent, "step": step}
        until = time.monotonic() + self.patience
        while time.monotonic() < until and self.came(wait) is None:
            if not self.of(of) or not any_parent and not any(ask.open and ask.missing() for ask in self.of(of)):
                return
            self.receive(0.05)
    # [end]

    # [play.connect(]
    def connect(self, name, topics=(b"",), identity_of=None, identity=None, deaf=False, welcomed=False, cut_off=False):
        clash = identity_of in self.clients
        self.open(name, topics, identity or self.identities.get(identity_of), deaf, cut_off)
        until = time.monotonic() + HALF
        while welcomed and self.welcomes and not self.clients[name].welcomed and time.monotonic() < until:
            self.receive(0.05)
        if clash or welcomed and self.clients[name].welcomed:
            return  # Of two with one identity neither is sure to be answered.
        if not self.greet(name, self.patience * 2) and self.clients[name].hears_all:
            raise Stop("client %s got no answer" % name)
    # [end]

    # [play.disconnect(]
    def disconnect(self, name):
        client = self.clients.pop(name)
        self.say("  client %s leaves" % name)
        for ask in self.asks:
            if ask.open and ask.client == name:
                ask.open, ask.why = False, "left"
        for channel, one in client.sockets.items():
            if one in self.poller:
                self.poller.unregister(one)
            self.gone.append(one) if client.cut_off else one.close()
    # [end]

    # [play.interrupt(]
    def interrupt(self, client, step=None):
        self.interrupted = time.monotonic()
        if self.interrupt_mode == "message":
            self.send(client, "control", "interrupt_request", {}, step=step, optional=True, awaits="later")
        else:
            self.signal("SIGINT")
    # [end]

    # [play.signal(|play.interrupt(]
    def signal(self, name):
        self.say("> " + name)
        self.leaving = self.leaving or name in ("SIGTERM", "SIGKILL")
        self.kernel.signal(signal.Signals[name])
    # [end]

    # [play.restart(]
    def restart(self, client, step=None):
        try:
            self.send(client, "control", "shutdown_request", {"restart": True}, step=step, wants=("reply",), then_exit=True)
        except Stop:
            if self.kernel.how_it_ended() is None:
                raise
        self.leaving = False
        self.kernel.launch()
        if not self.greet("a", 60):
            raise Stop("the kernel did not come back")
    # [end]

    # [play.pause(|play.tcp(|START =]
    def pause(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.receive(min(0.05, until - time.monotonic()))
    # [end]

    # What the finding is told by.

    def of(self, *steps):
        """What was sent in these steps; all of it where none is named."""
        return [ask for ask in self.asks if not steps or ask.step in steps]

    # [play.lacking(]
    def lacking(self, what, msg_type, channel):
        asked = [ask for ask in self.of(*STEPS) if (ask.type, ask.channel) == (msg_type, channel) and not self.crash]
        return ["%s got no %s" % (ask, what) for ask in asked if ask.lacks(what)]
    # [end]

    # [play.unanswered(]
    def unanswered(self, channel):
        """What every kernel has to answer on a channel, and this one did not."""
        asked = [ask for ask in self.asks if ask.channel == channel and "reply" in ask.wants and not self.crash]
        due = [ask for ask in asked if not ask.odd and not ask.unowed]
        return ["%s got no reply" % ask for ask in due if ask.lacks("reply") and (not ask.optional or ask.type == "kernel_info_request")]
    # [end]

    # [play.came_of(]
    def came_of(self, name, channel=None):
        same = [one for one in self.messages if name in (one.name, one.type) and channel in (None, one.channel)]
        return ["%s on %s for [%s]" % (one.name, one.channel, one.step) for one in same if not STEPS or one.step in STEPS]
    # [end]

    # [play.number(]
    def number(self, name, least=0, most=1 << 30):
        counts = [(ask, sum(one.parent_id == ask.id and name in (one.name, one.type) for one in self.messages)) for ask in self.of(*STEPS)]
        over = [(ask, count) for ask, count in counts if ask.id and not ask.open and not self.crash and not least <= count <= most]
        return ["%d %s for %s" % (count, name, ask) for ask, count in over]
    # [end]

    # [play.wrong(]
    def wrong(self, msg_type, path, is_wrong):
        found = [(one, one.at(path)) for one in self.messages if one.type == msg_type and (not STEPS or one.step in STEPS)]
        wrong = ["%s of %s [%s] is %s" % (path, one.type, one.step, brief(value)) for one, value in found if is_wrong(value)]
        return wrong if found else None
    # [end]

    # [play.badly_signed(]
    def badly_signed(self, msg_type):
        found = [one for one in self.messages if one.type == msg_type]
        return ["%s on %s is signed wrong" % (one.name, one.channel) for one in found if not one.signed_well] if found else None
    # [end]

    # [play.not_echoed(]
    def not_echoed(self):
        return ["the heartbeat of [%s] was not echoed" % ask.step for ask in self.of(*STEPS) if ask.channel == "hb" and ask.lacks("echo")]
    # [end]

    # From the start to the end.

    def start(self):
        self.open("a")
        self.kernel.launch()
        # [START =]
        if "interrupt_after" in START:
            self.pause_while_starting(START["interrupt_after"])
            self.kernel.signal(signal.SIGINT)
        # [end]
        self.ready = self.greet("a", 60)
        # [START =]
        if self.ready and START.get("then_exit"):
            self.pause_while_starting(self.patience)
        # [end]
        ended = self.kernel.how_it_ended()
        self.outcome = "it ended" if ended else "it answers as if nothing were wrong" if self.ready else "it lives and does not answer"
        if ended or not self.ready:
            self.say("! its stderr:" + "".join("\n    " + line for line in self.kernel.stderr))
            raise Stop(self.outcome + (" with " + ended if ended else ""))
        began = time.monotonic()
        for _ in range(3):
            self.await_all([self.ask("a", "shell", "ready")])
        self.patience = min(max(100 * (time.monotonic() - began) / 3, 5.0), 30.0)

    # [START =]
    def pause_while_starting(self, seconds):
        try:
            self.pause(seconds)
        except Stop:
            pass  # How it ended is looked at next.
    # [end]

    def finish(self):
        """Waits for all that is owed, and asks once more."""
        self.await_all([ask for ask in self.asks if ask.then_exit])
        for ask in self.asks:
            ask.heals = True
            if ask.step == "ready" and ask.why == "left" and "reply" not in ask.seen and ask.client in self.clients:
                ask.why = "passed"  # Later ones were answered.
            if ask.open and ask.pending:
                self.answer(ask, "")
        self.settle()
        self.await_all([self.ask("a", "shell", "probe")])

    def open(self, name, topics=(b"",), identity=None, deaf=False, cut_off=False):
        self.clients[name] = client = Client(name, self.context, self.kernel, topics, identity, deaf, cut_off)
        self.identities[name] = client.identity
        for channel, one in client.sockets.items():
            if not (deaf and channel == "iopub"):
                self.poller.register(one, zmq.POLLIN)

    def greet(self, client, seconds):
        """Asks until a reply comes by shell and a status by iopub: what came before the subscription is lost to it."""
        until, asked, again = time.monotonic() + seconds, [], 0
        while time.monotonic() < until and self.kernel.how_it_ended() is None:
            if time.monotonic() >= again:
                asked.append(self.ask(client, "shell", "ready"))
                again = time.monotonic() + 1
            try:
                self.receive(0.02)
            except Stop:
                break
            if any(not ask.missing() for ask in asked):
                break
        ready = any(not ask.missing() for ask in asked)
        for ask in asked:
            ask.open, ask.why = False, "answered" if not ask.missing() else "deadline" if self.ready and not ready else "left"
        return ready

    def ask(self, client, channel, step):
        """The question that every kernel can answer."""
        return self.send(client, channel, "kernel_info_request", {}, step=step, awaits="later")[0]

    # Waiting: until what is owed came, until a later question tells that it will not, or until the patience is over.

    def await_all(self, asks):
        self.worked = None
        while any(ask.open for ask in asks):
            waiting = [ask for ask in asks if ask.open][:64]
            for ask in sorted(waiting, key=lambda ask: not ask.is_leaving()):
                self.look_after(ask)
            if any(ask.open for ask in asks):
                self.receive(0.05)

    def look_after(self, ask):
        now = time.monotonic()
        if not ask.missing() and not ask.unowed:
            return self.close(ask, "answered")
        doubtful = ask.unowed or ask.optional or ask.odd or "reply" not in ask.wants or ask.half
        may_fence = ask.step != "fence" and not ask.then_exit and "echo" not in ask.wants
        fence_at = ask.sent if ask.unowed else (ask.half or ask.sent) + HALF
        if not ask.fence and doubtful and may_fence and now >= fence_at:
            channel = "control" if ask.channel == "control" else "shell"
            newer = [one for one in self.asks if one.open and one.step == "fence" and (one.client, one.channel) == (ask.client, channel)]
            ask.fence = next((one for one in newer if one.sent > ask.sent), None) or self.ask(ask.client, channel, "fence")
        in_hand = ask.begun and not ask.seen & {"reply", "idle"} and not ask.unowed
        if ask.fence and ask.fence.half and "reply" in ask.fence.seen and not (in_hand and not ask.odd):
            since = min(max(ask.fence.half, self.news), ask.fence.half + self.patience)
            if now > since + (HALF if ask.seen or ask.unowed else self.patience / 5):
                return self.close(ask, "passed")
        leaves = any(one.is_leaving() for one in self.asks if one.open)
        since = max(ask.sent, self.news, self.interrupted, ask.fence.sent if ask.fence else 0)
        deadline = max(since + (max(self.patience, 12) if leaves else self.patience), ask.later)
        if self.worked is None and now > deadline - self.patience / 2:
            self.worked = self.kernel.work()
        if now > deadline:
            # While it works it gets more time, but not for ever.
            more = self.patience * (12 if any(one.open and one.type == "execute_request" for one in self.asks) else 3)
            worked, self.worked = self.worked, self.kernel.work()
            busy = self.worked - worked > 5 * self.patience
            if busy and now < ask.sent + more and not ask.optional and not ask.is_leaving() and "echo" not in ask.wants:
                ask.later = now + self.patience
            elif ask.fence and ask.fence.open and (not ask.fence.optional or self.serves_control()):
                self.close(ask.fence, "deadline")
            else:
                self.close(ask, "deadline")

    def serves_control(self):
        return any(one.channel == "control" for one in self.messages)

    def close(self, ask, why):
        ask.open, ask.why = False, why
        missing = ask.missing()
        optional = ask.optional and not (ask.step == "fence" and self.serves_control())
        excused = ask.unowed or optional or ask.channel == "control" and missing == {"idle"}
        if missing and why != "answered":
            self.say("! %s: no %s" % (ask, ", no ".join(sorted(missing))))
        if missing and why == "deadline" and not excused:
            raise Stop("%s got no %s" % (ask, " and no ".join(sorted(missing))))

    # Messages out and in.

    def enter(self, ask):
        ask.after = len(self.messages)
        self.asks.append(ask)
        if ask.id:
            self.by_id[ask.id] = ask

    def compose(self, client, msg_type, content, parent, metadata=None, header=None, without_header=(), buffers=(), idents=(), raw=None,
                splice=None, cut_to=None, format="compact", sign="good"):
        head = {"msg_id": str(uuid.uuid4()), "session": client.session, "username": "kernelcheck"}
        head.update(date=datetime.datetime.now(datetime.timezone.utc).isoformat(), msg_type=msg_type, version="5.5")
        head.update(header or {})
        head = {key: value for key, value in head.items() if key not in without_header}
        parts = [spell(part, format) for part in (head, parent, metadata or {}, content)]
        for name, more in (splice or {}).items():
            before, brace, after = parts[PARTS.index(name)].rpartition(b"}")
            parts[PARTS.index(name)] = before + more + brace + after
        for name, whole in (raw or {}).items():
            parts[PARTS.index(name)] = whole
        good = self.kernel.sign(parts)
        signature = good
        # [sign=]
        signature = {
            "good": good, "tampered": good, "flipped": good[:-1] + (b"1" if good[-1:] == b"0" else b"0") if good else b"0" * 64,
            "other-key": self.kernel.sign(parts, b"another"), "empty": b"", "short": good[:len(good) // 2], "long": good + b"abc",
            "raw": bytes.fromhex(good.decode()), "upper": good.upper(), "nonsense": b"nonsense",
        }[sign]
        if sign == "tampered":
            parts[3] += b" "
        # [end]
        frames = [*idents, *[DELIMITER, signature, *parts, *buffers][:cut_to]]
        return head.get("msg_id"), frames

    def deliver(self, client, channel, frames, text, kind):
        who = self.clients[client]
        target = who.sockets[channel]
        if channel == "iopub":
            # A subscriber can't send; what comes this way is for publishers that listen.
            if not who.upstream:
                who.upstream = who.sockets["upstream"] = self.context.socket(zmq.XSUB)
                who.upstream.linger = 0
                who.upstream.connect(self.kernel.address("iopub"))
            target = who.upstream
        target.send_multipart(frames, zmq.DONTWAIT)
        if channel == "stdin":
            self.news = time.monotonic()
        self.say("> %s %s %s" % (client, channel, text), (client, channel, kind) if kind else None)

    def receive(self, seconds):
        for ready, _ in self.poller.poll(max(0, seconds) * 1000):
            for client in list(self.clients.values()):
                for channel, one in client.sockets.items():
                    for _ in range(1000 if one is ready else 0):
                        try:
                            frames = one.recv_multipart(zmq.DONTWAIT)
                        except zmq.ZMQError:
                            break
                        self.take_in(client, channel, frames)
        ended = self.kernel.how_it_ended()
        if ended and not self.poller.poll(100):
            for ask in self.asks:
                if ask.open:
                    ask.seen.add("exit")
                    ask.open, ask.why = False, "exited" if ask.missing() else "answered"
            if self.leaving:
                raise Stop("")
            self.crash = "the kernel process ended unasked (%s)" % ended
            self.say("! " + self.crash + "".join("\n    " + line for line in self.kernel.stderr))
            raise Stop(self.crash)

    def take_in(self, client, channel, frames):
        if channel == "hb":
            self.say("< %s hb %r" % (client.name, frames[0][:40]))
            for ask in self.asks:
                if ask.open and ask.channel == "hb" and ask.client == client.name:
                    ask.echo = frames
                    ask.seen.add("echo")
            return
        message = Message(client.name, channel, frames, self.kernel.sign)
        self.messages.append(message)
        ask = self.by_id.get(message.parent_id)
        message.step = ask.step if ask else None
        mark = "*" if ask and ask.step in STEPS else " "
        wrong = "" if message.signed_well else " WRONG SIGNATURE"
        text = "<%s%s %s %s [%s] %s%s" % (mark, client.name, channel, message.name, message.step, brief(message.content), wrong)
        self.say(text, (client.name, channel, message.type, message.step))
        if message.type == "iopub_welcome":
            self.welcomes = client.welcomed = True
        if ask and (ask.open or ask.why == "left") and ask.client == client.name:
            self.strike(ask, channel, message)

    def strike(self, ask, channel, message):
        self.news = time.monotonic()
        if channel == "stdin" and message.type == "input_request":
            ask.seen.add("input")
            ask.pending = message.header
            if ask.answers or ask.heals:
                self.answer(ask, ask.answers.pop(0) if ask.answers else "")
        elif message.name == "status idle":
            ask.seen.add("idle")
            ask.half = ask.half or self.news
        elif message.type == "status":
            ask.begun = True
        elif channel in ("shell", "control"):
            ask.seen.add("reply")
            ask.half = ask.half or self.news
            if ask.odd and message.at("content.status") == "error":
                ask.wants.discard("exit")

    def answer(self, ask, value):
        parent, ask.pending = ask.pending, None
        _, frames = self.compose(self.clients[ask.client], "input_reply", {"value": value, "status": "ok"}, parent)
        self.deliver(ask.client, "stdin", frames, "input_reply for [%s] %r" % (ask.step, value), None)

    # [play.wait_for(]
    def came(self, wait):
        """The message that is waited for, if it is there."""
        ids = {ask.id for ask in self.of(wait["of"])}
        after = min((ask.after for ask in self.of(wait["of"])), default=len(self.messages))
        for one in self.messages[after:]:
            fits = (wait["any"] or one.parent_id in ids) and one.type == wait["type"]
            if fits and all(same(one.at("content." + key), value) for key, value in wait["content"].items()):
                self.waits.append((wait["step"], one))
                return one
    # [end]

    # ["$reply.|"$input_request.|"$message.]
    def fill(self, value):
        """The value with what it quotes from messages of the kernel, as `$reply.STEP.content.NAME` does."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.fill(item) for item in value]
        found = QUOTE.match(value) if isinstance(value, str) else None
        if not found:
            return value
        source, step, path = found.groups()
        of_step = [one for one in self.messages if one.step == step]
        kinds = {
            "reply": [one for one in of_step if one.channel in ("shell", "control")],
            "input_request": [one for one in of_step if one.type == "input_request"][::-1],
            "message": [one for name, one in self.waits if name == step],
        }
        if not kinds[source]:
            raise LookupError(value)
        part, *keys = path.split(".")
        value = getattr(kinds[source][0], part)
        for key in keys:
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value
    # [end]

    def say(self, text, kind=None):
        """Prints a line, and of many of a kind a few."""
        self.repeats = self.repeats + 1 if kind and kind == self.last_line else 0
        self.last_line = kind
        if self.repeats < 5:
            print("%7.3f %s" % (time.monotonic() - self.began, re.sub(r"[^\n -~]", "?", text)), flush=True)
        elif self.repeats == 5:
            print("          ... and more like it", flush=True)


# ["$reply.|"$input_request.|"$message.]
QUOTE = re.compile(r"\$(reply|input_request|message)\.([^.]+)\.((?:header|content)(?:\.[^.]+)*)\Z", re.DOTALL)


def quoted(value):
    """The steps whose replies a value quotes."""
    if isinstance(value, str):
        found = QUOTE.match(value)
        return [found[2]] if found and found[1] == "reply" else []
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [step for item in items for step in quoted(item)]
# [end]


def spell(value, format):
    # [format=]
    if format == "spaced":
        return ("\r\n %s\t\n" % json.dumps(value, indent=2, ensure_ascii=False)).encode()
    if format == "reversed":
        value = backwards(value)
    # [end]
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    # [format=]
    if format == "escaped":
        text = re.sub(r'\\.|"|[^\x00-\x7f]|a', Escaper().escape, text)
    # [end]
    return text.encode(errors="surrogatepass")


# [format=]
def backwards(value):
    return {key: backwards(item) for key, item in reversed(list(value.items()))} if isinstance(value, dict) else value


class Escaper:
    """Spells every `a` in a string, and all but ASCII, by its number."""

    inside = False

    def escape(self, found):
        text = found[0]
        self.inside ^= text == '"'
        if text == "a" and self.inside or ord(text[0]) > 127:
            units = text.encode("utf-16-be").hex()
            return "".join("\\u" + units[at:at + 4] for at in range(0, len(units), 4))
        return text


# [end]
def read_json(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ABSENT


# [same(|play.wait_for(]
def same(left, right):
    return left is not ABSENT and json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
# [end]


# [kind(]
def kind(value):
    names = {dict: ["object"], list: ["array"], str: ["string"], bool: ["bool"], int: ["int", "number"], float: ["number"]}
    return names.get(type(value), [])
# [end]


# [lacks(]
def lacks(value, part):
    return not isinstance(value, (dict, list, str)) or isinstance(value, str) and not isinstance(part, str) or part not in value
# [end]


def brief(value):
    text = "absent" if value is ABSENT else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else text[:117] + "..."


def installed(name):
    """Command, environment and interrupt mode of a kernelspec."""
    data = [os.environ.get("JUPYTER_DATA_DIR"), "~/.local/share/jupyter", "~/Library/Jupyter", sys.prefix + "/share/jupyter"]
    data = os.environ.get("JUPYTER_PATH", "").split(os.pathsep) + data + ["/usr/local/share/jupyter", "/usr/share/jupyter"]
    dirs = [os.path.join(os.path.expanduser(dir), "kernels", name) for dir in data if dir]
    for dir in [name, *dirs] if "/" in name else dirs:
        if os.path.isfile(os.path.join(dir, "kernel.json")):
            with open(os.path.join(dir, "kernel.json"), encoding="utf-8") as file:
                spec = json.load(file)
            prefix = os.path.abspath(dir).partition("/share/jupyter/kernels/")[0]
            argv = [part.replace("{resource_dir}", dir).replace("{prefix}", prefix) for part in spec["argv"]]
            own = os.path.join(prefix, "bin", argv[0])
            if re.match(r"python(3(\.\d+)?)?\Z", argv[0]) and os.access(own, os.X_OK):
                argv[0] = own
            env = {key: os.path.expandvars(value) for key, value in spec.get("env", {}).items()}
            return argv, env, spec.get("interrupt_mode", "signal")
    raise Stop("there is no kernelspec %s in %s" % (name, ", ".join(dirs)))


def verdict(play, trouble):
    found = deviation(play)
    if found:
        return 1, "REPRODUCED: %s; seen: %s" % (WANTED, "; ".join(sorted(set(found))[:4]))
    # [START_WANTED =]
    if START_WANTED and play.outcome:
        return (0, "GONE: %s" % play.outcome) if play.outcome == START_WANTED else (3, "LOOK YOURSELF: %s; now %s" % (WANTED, play.outcome))
    # [end]
    if not play.ready:
        return 2, "NOT PLAYED: %s" % trouble
    if trouble:
        return 3, "LOOK YOURSELF: %s; but %s" % (WANTED, trouble)
    if found is None:
        return 3, "LOOK YOURSELF: whether this shows above is for you to tell: " + FINDING
    if STEPS and not set(STEPS) & {ask.step for ask in play.asks}:
        return 3, "LOOK YOURSELF: %s; but it was not sent" % WANTED
    return 0, "GONE: %s; this time nothing else was seen" % WANTED


def leave(number, _):
    signal.signal(number, signal.SIG_IGN)  # Once is enough, and the kernel is still to be ended.
    sys.exit(2)


def main():
    arguments = sys.argv[1:]
    target = arguments[1:] if arguments[:1] == ["--"] else arguments[0] if arguments else KERNEL
    try:
        argv, env, mode = installed(target) if isinstance(target, str) else (target, {}, INTERRUPT)
    except (Stop, OSError, ValueError) as error:
        print("NOT PLAYED: %s" % error)
        return 2
    try:
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # What the kernel leaves behind becomes ours to kill: PR_SET_CHILD_SUBREAPER of Linux.
    except (AttributeError, OSError):
        pass
    signal.signal(signal.SIGTERM, leave)
    kernel, trouble = Kernel(argv, env), ""
    play = Play(kernel, mode)
    try:
        try:
            play.start()
            steps(play)
            play.finish()
        except Stop as stop:
            trouble = str(stop)
        except (OSError, zmq.ZMQError) as error:  # The world's trouble, and no word about the kernel.
            print("NOT PLAYED: %s" % error)
            return 2
        code, text = verdict(play, trouble)
        print(text)
        return code
    finally:
        kernel.end()
        play.context.destroy(linger=0)


if __name__ == "__main__":
    sys.exit(main())
