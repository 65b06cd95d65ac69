//! From a started process to a session that is ready: the first answer, a live subscription, calibrated deadlines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::client::{Client, Keys};
use super::habits::{Habits, Overtaking};
use super::join::Subscription;
use super::kernel::{
    Command, ConnectionFile, Greeted, Greeting, InterruptMode, KernelProcess, Launcher, Life, Lives, Reach, Starter, Target, addresses,
    clash,
};
use super::settle::Settlement;
use super::transport::{Endpoint, Wire};
use super::{Cancel, Deadlines, Session, SessionError, Waited};
use crate::spec::{Start, Version};
use crate::trace::{BIND_CLASH, Bytes, Calibrated, Connected, Event, FileSeen, Listening, Noted, Recorder, own_steps};
use crate::wire::{Channel, ConnectionInfo, Json};

/// The silence on iopub that jupyter_client waits for before it calls a kernel ready.
const QUIET: Duration = Duration::from_millis(200);

/// Between two looks at where a kernel listens.
const LOOKING: Duration = Duration::from_millis(100);

/// Round trips that calibrate the deadlines.
const CALIBRATIONS: usize = 5;

/// What the kernel says about itself, by its first answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// `implementation`.
    pub implementation: String,
    /// `implementation_version`.
    pub implementation_version: String,
    /// `language_info.name`.
    pub language: String,
    /// `language_info.version`.
    pub language_version: String,
    /// `protocol_version`.
    pub protocol_version: String,
    /// `supported_features`.
    pub features: Vec<String>,
}

impl About {
    /// Whether it claims this version of the protocol or a later one.
    #[must_use]
    pub fn claims_at_least(&self, (major, minor): (u32, u32)) -> bool {
        self.protocol_version.parse::<Version>().is_ok_and(|claimed| (claimed.major, claimed.minor) >= (major, minor))
    }

    fn read(content: &Json) -> Self {
        let text = |path: &str| content.get_path(path).and_then(Json::as_str).unwrap_or_default().to_owned();
        let features = content.get("supported_features").and_then(Json::as_array).unwrap_or_default();
        Self {
            implementation: text("implementation"),
            implementation_version: text("implementation_version"),
            language: text("language_info.name"),
            language_version: text("language_info.version"),
            protocol_version: text("protocol_version"),
            features: features.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        }
    }
}

/// All that the start of a kernel and its session needs; it may be done on another thread than the one that plays.
pub struct Starting {
    /// What is started or joined.
    pub target: Target,
    /// Starts kernels.
    pub launcher: Launcher,
    /// How kernels are reached.
    pub reach: Reach,
    /// Whose ZeroMQ is spoken.
    pub wire: Wire,
    /// How cells are interrupted.
    pub interrupt_mode: InterruptMode,
    /// Multiplies every deadline.
    pub deadline_scale: f64,
    /// Ends all waits.
    pub cancel: Cancel,
    /// Seed of the session's choices.
    pub seed: u64,
    /// Where all is recorded.
    pub recorder: Arc<Recorder>,
    /// Numbers the kernel processes of the trace.
    pub lives: Lives,
    /// What other kernels of the run were seen to do.
    pub overtaking: Overtaking,
    /// How the kernel is started, where not as usual.
    pub own: Option<OwnStart>,
}

/// A start that is not as usual.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnStart {
    /// In what way.
    pub start: Start,
    /// How long this kernel took to start as usual, where that was seen: one that is not up after many times as long won't be.
    pub usual: Option<Duration>,
}

impl Starting {
    /// Starts the kernel, or joins it, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If there is no kernel, or it does not answer, or something on our side failed.
    pub fn start(self) -> Result<Session, SessionError> {
        let mut opening = Opening { starting: &self, trouble: None };
        let starter = Starter {
            launcher: self.launcher.clone(),
            reach: self.reach.clone(),
            recorder: Arc::clone(&self.recorder),
            lives: self.lives.clone(),
            start: self.own.as_ref().map(|own| own.start.clone()),
        };
        // The key is a secret on this machine, so it does not follow from the seed.
        let started = starter.start(&self.target, &mut fastrand::Rng::new(), &mut opening);
        if let Some(error) = opening.trouble {
            return Err(error);
        }
        let kernel = started.map_err(Box::new)?;
        let mut session = kernel.client;
        session.life = kernel.life;
        session.restart = match self.target {
            Target::Command(command) => Some(Restart { launcher: self.launcher, command, file: kernel.file, lives: self.lives }),
            Target::Existing { .. } => None,
        };
        Ok(session)
    }
}

/// The client's part in the start of a kernel.
struct Opening<'a> {
    starting: &'a Starting,
    /// What went wrong on our side, where that ended a wait.
    trouble: Option<SessionError>,
}

impl Greeting for Opening<'_> {
    type Client = Session;

    fn open(&mut self, link: &ConnectionInfo) -> Result<Session, String> {
        let mut session = Session {
            transport: self.starting.wire.transport(),
            recorder: Arc::clone(&self.starting.recorder),
            process: None,
            interrupt_mode: self.starting.interrupt_mode,
            link: link.clone(),
            keys: Keys::new(link).map_err(|error| error.to_string())?,
            clients: BTreeMap::new(),
            identities: BTreeMap::new(),
            life: 1,
            restart: None,
            ledger: Default::default(),
            quoted: Default::default(),
            watched: Default::default(),
            deadlines: Deadlines::uncalibrated(self.starting.deadline_scale),
            habits: Habits::of_run(&self.starting.overtaking),
            flow: Default::default(),
            behind: false,
            cancel: self.starting.cancel.clone(),
            rng: fastrand::Rng::with_seed(self.starting.seed),
            strangers: Vec::new(),
            arrivals: Vec::new(),
            last_news: Instant::now(),
            extended: BTreeMap::new(),
            look: None,
            interrupted_at: None,
            given_up_beats: Vec::new(),
            suspicions: Vec::new(),
            nameless: 0,
            asked_to_exit: false,
            about: About::default(),
            played: false,
            waited: Waited::default(),
            startup: Duration::ZERO,
        };
        // A running kernel was there before any client of ours.
        let early = matches!(self.starting.target, Target::Command(_));
        session.open_client("a", Subscription::EVERYTHING, None, early).map_err(|error| error.to_string())?;
        Ok(session)
    }

    fn wait(&mut self, session: &mut Session, process: Option<&Arc<KernelProcess>>) -> Greeted {
        session.process = process.cloned();
        match session.get_ready(self.starting.own.as_ref()) {
            Ok(Greeted::NoAnswer) if self.starting.cancel.is_set() => {
                self.trouble = Some(SessionError::Cancelled);
                Greeted::NoAnswer
            }
            Ok(greeted) => greeted,
            Err(error) => {
                self.trouble = Some(error);
                Greeted::NoAnswer
            }
        }
    }
}

impl Session {
    /// Asks one question about the kernel and waits for the whole answer; whether it came. For measurements.
    ///
    /// # Errors
    ///
    /// If something on our side failed.
    pub fn round_trip(&mut self) -> Result<bool, SessionError> {
        let id = self.ask("a", Channel::Shell, own_steps::READY)?;
        Ok(self.settle(&[id])? == Settlement::Done)
    }

    /// Takes in what comes, until nothing did for as long as front ends wait for that after a start.
    pub(super) fn let_settle(&mut self) -> Result<(), SessionError> {
        let mut heard = self.flow.messages();
        let mut until = Instant::now() + QUIET;
        while Instant::now() < until && self.may_hear_more() {
            self.receive(until)?;
            if self.flow.messages() > heard {
                (heard, until) = (self.flow.messages(), Instant::now() + QUIET);
            }
        }
        Ok(())
    }

    /// Takes note of what the kernel says about itself, the first time that it does.
    pub(super) fn introduce(&mut self, content: Option<&Json>) {
        if let Some(content) = content
            && self.about == About::default()
        {
            self.about = About::read(content);
        }
    }

    /// Waits for the first answer and for a live subscription, then measures what a round trip takes.
    fn get_ready(&mut self, own: Option<&OwnStart>) -> Result<Greeted, SessionError> {
        let began = Instant::now();
        if let Some(seconds) = own.and_then(|own| own.start.interrupt_after) {
            self.interrupt_early(began + Duration::from_secs_f64(seconds))?;
        }
        let startup = match own.and_then(|own| own.usual) {
            Some(usual) => self.deadlines.startup_like(usual),
            None => self.deadlines.startup(),
        };
        let greeted = self.greet("a", Instant::now() + startup)?;
        if self.flow.is_flood() {
            return Err(SessionError::Flooded);
        }
        if greeted != Greeted::Ready {
            return Ok(greeted);
        }
        let startup = began.elapsed();
        self.await_links("a")?;
        self.settle_greetings()?;
        let mut round_trips = Vec::with_capacity(CALIBRATIONS);
        for _ in 0..CALIBRATIONS {
            let asked = Instant::now();
            if !self.round_trip()? {
                return Ok(if self.has_exited() { Greeted::Exited } else { Greeted::NoAnswer });
            }
            round_trips.push(asked.elapsed());
        }
        self.startup = startup;
        self.deadlines = self.deadlines.calibrated(&mut round_trips);
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.recorder.record(Event::Calibrated(Calibrated {
            startup: nanos(startup),
            round_trip: nanos(self.deadlines.round_trip()),
            reply_deadline: nanos(self.deadlines.reply()),
        }));
        self.note_addresses()?;
        self.recorder.flush()?;
        Ok(Greeted::Ready)
    }

    /// Interrupts a process that is starting, at a time.
    fn interrupt_early(&mut self, at: Instant) -> Result<(), SessionError> {
        self.linger(at)?;
        if let Some(process) = &self.process {
            process.signal_group(Signal::INT, "interrupt");
        }
        Ok(())
    }

    /// Waits until a client's sockets are connected, but not for long: a kernel may lack a channel.
    pub(super) fn await_links(&mut self, client: &str) -> Result<(), SessionError> {
        self.transport.await_links(client, Instant::now() + self.deadlines.half())?;
        Ok(())
    }

    /// Records where the kernel listens. What is not there yet is given the time of a reply.
    fn note_addresses(&mut self) -> Result<(), SessionError> {
        let Some(guard) = self.process.as_ref().map(|process| process.guard_pid()) else { return Ok(()) };
        let until = Instant::now() + self.deadlines.reply();
        while let Some(addresses) = addresses(&self.link, guard) {
            if addresses.len() == Channel::ALL.len() || Instant::now() >= until || !self.may_hear_more() {
                self.recorder.record(Event::Listening(Listening { addresses }));
                break;
            }
            self.receive(Instant::now() + LOOKING)?;
        }
        Ok(())
    }

    /// How the waiting ended, if the kernel is not ready.
    pub(super) fn settlement(&self, greeted: Greeted) -> Option<Settlement> {
        match greeted {
            Greeted::Ready => None,
            Greeted::Exited => Some(Settlement::Exited),
            Greeted::NoAnswer if self.cancel.is_set() => Some(Settlement::Cancelled),
            Greeted::NoAnswer if self.flow.is_flood() => Some(Settlement::Flooded),
            Greeted::NoAnswer => Some(Settlement::Stuck),
        }
    }

    pub(super) fn open_client(
        &mut self,
        name: &str,
        subscription: Subscription<'_>,
        identity_of: Option<&str>,
        early: bool,
    ) -> Result<(), SessionError> {
        let Subscription { topics, deaf, cut_off, .. } = subscription;
        self.habits.note_newcomer(name);
        let mut client = Client::new(topics, &mut self.rng);
        client.hears_all &= !deaf;
        client.cut_off = cut_off;
        let identity =
            identity_of.and_then(|other| self.identities.get(other)).cloned().unwrap_or_else(|| client.session.clone().into_bytes());
        let endpoint = Endpoint { client: name.to_owned(), identity: identity.clone(), topics: topics.to_vec(), deaf, cut_off };
        self.transport.open(&endpoint, &self.link)?;
        self.clients.insert(name.to_owned(), client);
        self.identities.insert(name.to_owned(), identity.clone());
        self.recorder.record(Event::Connected(Connected {
            client: name.to_owned(),
            identity: Bytes(identity),
            channels: Channel::ALL.to_vec(),
            topics: topics.to_vec(),
            early,
            deaf,
            wire: self.transport.kind(),
        }));
        Ok(())
    }

    /// Records what has become of the connection file, and whether the process wrote down its key. An odd file is none to compare with.
    pub(super) fn look_at_file(&self) {
        let (Some(restart), Some(process)) = (&self.restart, &self.process) else { return };
        if restart.file.start().is_some() {
            return;
        }
        let key = self.link.key.as_bytes();
        let holds_key = |output: &[u8]| !key.is_empty() && output.windows(key.len()).any(|bytes| bytes == key);
        let outputs = [("stdout", process.stdout_tail()), ("stderr", process.stderr_tail())];
        let key_in = outputs.iter().filter(|(_, output)| holds_key(output)).map(|(name, _)| (*name).to_owned()).collect();
        self.recorder.record(Event::FileSeen(FileSeen { key_in, ..restart.file.look() }));
    }

    /// Starts a new process on the connection file of the one that ended; the clients' sockets stay, and connect again.
    pub(super) fn start_again(&mut self) -> Result<Option<Settlement>, SessionError> {
        self.look_at_file();
        let Some(restart) = &self.restart else { return Ok(Some(Settlement::Exited)) };
        let life = Life { number: restart.lives.next(), restarted: true };
        let process =
            restart.launcher.launch(&restart.command, &restart.file, life, &self.recorder).map_err(|error| Box::new(error.into()))?;
        self.life = life.number;
        self.process = Some(Arc::new(process));
        self.last_news = Instant::now();
        let greeted = self.greet("a", Instant::now() + self.deadlines.startup())?;
        if greeted == Greeted::Ready {
            self.await_links("a")?;
        }
        if greeted == Greeted::Exited
            && let Some(process) = &self.process
            && let Some(text) = clash(process, &self.link)
        {
            self.recorder.record(Event::Noted(Noted { what: BIND_CLASH.to_owned(), text }));
        }
        Ok(self.settlement(greeted))
    }
}

/// What a new process on the same connection file needs.
pub(super) struct Restart {
    pub(super) launcher: Launcher,
    pub(super) command: Command,
    pub(super) file: ConnectionFile,
    pub(super) lives: Lives,
}
