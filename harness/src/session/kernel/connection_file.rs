//! The connection file that a kernel is started on: made, kept private, and removed.

use std::fs::Permissions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use tempfile::TempDir;

use super::ports::Ports;
use crate::spec::Start;
use crate::trace::FileSeen;
use crate::wire::{Channel, ConnectionError, ConnectionInfo, Scheme, TransportKind};

/// The field that only says what the kernel is called.
const LABEL: &str = "kernel_name";
/// Bytes that the name of a Unix socket may have, without the closing zero.
const SOCKET_PATH: usize = 107;
/// Bytes of a connection file that are read; real ones have some hundred.
const SIZE_LIMIT: u64 = 1 << 20;

/// Why there is no connection file.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionFileError {
    /// The directory or the file could not be made.
    #[error("cannot write a connection file: {0}")]
    Write(#[from] std::io::Error),
    /// There are no ports on that address.
    #[error("no free port on {ip}: {reason}")]
    NoPort {
        /// The address.
        ip: String,
        /// What the system says.
        reason: String,
    },
    /// The address is none.
    #[error("not an ip address: {0}")]
    NotAnAddress(String),
    /// The file of a running kernel could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file of a running kernel is wrong.
    #[error("{path}: {source}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// All that is wrong.
        source: ConnectionError,
    },
}

/// How a kernel is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// tcp or ipc.
    pub transport: TransportKind,
    /// The address for tcp; 127.0.0.1 without one. Not used for ipc.
    pub ip: Option<String>,
    /// The kernelspec's name, for the file.
    pub kernel_name: Option<String>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { transport: TransportKind::Tcp, ip: None, kernel_name: None }
    }
}

/// A connection file. Dropping it removes the file and, for ipc, the sockets beside it; one of a running kernel stays.
#[derive(Debug)]
pub struct ConnectionFile {
    info: ConnectionInfo,
    path: PathBuf,
    dir: Option<TempDir>,
    ports: Mutex<Option<Ports>>,
    /// Channels whose place is taken when the kernel comes: for tcp we hold the port, for ipc a directory has the socket's name. A
    /// socket would not do there: ZeroMQ takes it for one that is left over, and replaces it.
    occupied: Vec<Channel>,
    start: Option<Start>,
}

impl ConnectionFile {
    /// Makes a file with a random key, in a directory that only the user can enter.
    ///
    /// For tcp its ports are free and held until [`release`](Self::release). The key guards the kernel against other users
    /// of the machine: draw it from a generator that the system has seeded, not from the seed of a reproducible run.
    ///
    /// # Errors
    ///
    /// If there is no room, or there are no free ports on the address.
    pub fn create(reach: &Reach, random: &mut fastrand::Rng) -> Result<Self, ConnectionFileError> {
        let dir = private_dir(reach.transport)?;
        let (ip, ports) = match reach.transport {
            TransportKind::Ipc => (dir.path().join("k").to_string_lossy().into_owned(), None),
            TransportKind::Tcp => {
                let (ip, ports) = tcp_ports(reach.ip.as_deref())?;
                (ip, Some(ports))
            }
        };
        let port = |channel: Channel| match &ports {
            Some(ports) => ports.port(channel),
            None => Channel::ALL.iter().zip(1..).find(|(other, _)| **other == channel).map_or(0, |(_, n)| n),
        };
        let info = ConnectionInfo {
            transport: reach.transport,
            ip,
            shell_port: port(Channel::Shell),
            iopub_port: port(Channel::Iopub),
            stdin_port: port(Channel::Stdin),
            control_port: port(Channel::Control),
            hb_port: port(Channel::Heartbeat),
            key: random_key(random),
            signature_scheme: Scheme::HmacSha256.name().to_owned(),
            kernel_name: reach.kernel_name.clone(),
            extra: Map::new(),
        };
        let path = dir.path().join("kernel.json");
        let file = Self { info, path, dir: Some(dir), ports: Mutex::new(ports), occupied: Vec::new(), start: None };
        file.write(&file.info.to_json())?;
        Ok(file)
    }

    /// Reads the connection file of a kernel that runs already.
    ///
    /// # Errors
    ///
    /// If it can't be read, or is not a connection file: then with all that is wrong.
    pub fn existing(path: &Path) -> Result<Self, ConnectionFileError> {
        let read = |source| ConnectionFileError::Read { path: path.to_owned(), source };
        let text = super::read_text(path, SIZE_LIMIT).map_err(read)?;
        let info = ConnectionInfo::from_json(&text).map_err(|source| ConnectionFileError::Wrong { path: path.to_owned(), source })?;
        Ok(Self { info, path: path.to_owned(), dir: None, ports: Mutex::new(None), occupied: Vec::new(), start: None })
    }

    /// What the file says.
    #[must_use]
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory made for it, if one was; others may put files of the same kernel into it.
    #[must_use]
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_ref().map(TempDir::path)
    }

    /// Writes any text as the file, and leaves what we hold to be true as it is: for kernels that are to meet a broken one.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write(&self, text: &str) -> Result<(), ConnectionFileError> {
        let parent = self.path.parent().unwrap_or(Path::new("."));
        // The temporary file is readable for the user alone from its first moment, and so is what it becomes.
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Makes it the file of a kernel that is started otherwise than usual. What we hold to be true is what a client makes of it.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn prepare(&mut self, start: &Start) -> Result<(), ConnectionFileError> {
        let mut fields = match serde_json::from_str(&self.info.to_json()) {
            Ok(Value::Object(fields)) => fields,
            other => panic!("a connection file is a JSON object, not {other:?}"),
        };
        if start.string_ports {
            for channel in Channel::ALL {
                fields.insert(channel.port_field().to_owned(), self.info.port(channel).to_string().into());
            }
        }
        fields.extend(start.connection.clone());
        fields.retain(|name, _| !start.without.contains(name));
        if fields.get("key").is_none_or(|key| key == "") {
            self.info.key.clear();
        }
        // A kernel that takes a name that does not exist may go by the usual one, which then tells.
        if let Some(Ok(scheme)) = fields.get("signature_scheme").and_then(Value::as_str).map(str::parse::<Scheme>) {
            scheme.name().clone_into(&mut self.info.signature_scheme);
        }
        self.occupied.extend(start.occupied);
        if self.info.transport == TransportKind::Ipc {
            self.occupied.iter().try_for_each(|channel| std::fs::create_dir(self.info.endpoint(*channel).trim_start_matches("ipc://")))?;
        }
        if let (Some(path), Some(dir)) = (&start.path, &self.dir) {
            std::fs::remove_file(&self.path)?;
            self.path = dir.path().join(path);
            std::fs::create_dir_all(self.path.parent().unwrap_or(dir.path()))?;
        }
        self.start = Some(start.clone());
        self.write(&format!("{:#}\n", Value::Object(fields)))
    }

    /// What has become of the file. What a kernel adds to it is its own affair, and so is its name; what clients need to reach it is to stay.
    #[must_use]
    pub fn look(&self) -> FileSeen {
        let Ok(text) = std::fs::read_to_string(&self.path) else {
            return FileSeen { gone: true, changed: false, mode: None, key_in: Vec::new() };
        };
        let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let (ours, now) = (fields(&self.info.to_json()), fields(&text));
        let mode = std::fs::metadata(&self.path).ok().map(|metadata| metadata.permissions().mode() & 0o777);
        let changed = ours.iter().any(|(name, value)| name != LABEL && now.get(name) != Some(value));
        FileSeen { gone: false, changed, mode, key_in: Vec::new() }
    }

    /// How its kernel is started, where not as usual.
    #[must_use]
    pub fn start(&self) -> Option<&Start> {
        self.start.as_ref()
    }

    /// Lets go of the ports: the kernel is about to bind them.
    pub fn release(&self) {
        if let Some(ports) = &mut *self.ports.lock().unwrap_or_else(PoisonError::into_inner) {
            ports.release(&self.occupied);
        }
    }
}

fn random_key(random: &mut fastrand::Rng) -> String {
    let mut key = [0; 32];
    random.fill(&mut key);
    hex::encode(key)
}

fn tcp_ports(ip: Option<&str>) -> Result<(String, Ports), ConnectionFileError> {
    let address: IpAddr = match ip {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(ip) => ip.parse().map_err(|_| ConnectionFileError::NotAnAddress(ip.to_owned()))?,
    };
    let ports =
        Ports::hold(address).map_err(|reason| ConnectionFileError::NoPort { ip: address.to_string(), reason: reason.to_string() })?;
    Ok((address.to_string(), ports))
}

/// A new directory of mode 0700. Socket paths are short, so a long `TMPDIR` is passed over for them.
fn private_dir(transport: TransportKind) -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("kernelcheck-").permissions(Permissions::from_mode(0o700));
    let dir = builder.tempdir()?;
    let longest = dir.path().as_os_str().len() + "/k-5".len();
    if transport == TransportKind::Ipc && longest > SOCKET_PATH {
        return builder.tempdir_in("/tmp");
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_private_says_what_we_know_and_goes_when_dropped() {
        let mut random = fastrand::Rng::with_seed(1);
        let reach = Reach { kernel_name: Some("k".into()), ..Reach::default() };
        let file = ConnectionFile::create(&reach, &mut random).expect("a file");
        let dir = file.dir().expect("our own").to_owned();
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(file.path())), (0o700, 0o600));
        let text = std::fs::read_to_string(file.path()).expect("readable");
        assert_eq!(&ConnectionInfo::from_json(&text).expect("valid"), file.info());
        assert_eq!(file.info().key.len(), 64);
        assert_eq!(file.info().ip, "127.0.0.1");

        drop(file);
        assert!(!dir.exists());
    }

    #[test]
    fn a_file_that_names_its_kernel_otherwise_still_says_what_clients_need() {
        let reach = Reach { kernel_name: Some("k".into()), ..Reach::default() };
        let file = ConnectionFile::create(&reach, &mut fastrand::Rng::with_seed(1)).expect("a file");
        let rewritten = |info: &ConnectionInfo| {
            std::fs::write(file.path(), info.to_json()).expect("writable");
            file.look().changed
        };
        let without_name = ConnectionInfo { kernel_name: None, ..file.info().clone() };
        let without_key = ConnectionInfo { key: String::new(), ..file.info().clone() };
        assert_eq!([rewritten(&without_name), rewritten(&without_key)], [false, true]);
    }

    #[test]
    fn two_keys_differ() {
        let mut random = fastrand::Rng::with_seed(1);
        let keys = [(); 2].map(|()| ConnectionFile::create(&Reach::default(), &mut random).expect("a file").info.key.clone());
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn ipc_sockets_stand_beside_the_file_and_go_with_it() {
        let reach = Reach { transport: TransportKind::Ipc, ..Reach::default() };
        let file = ConnectionFile::create(&reach, &mut fastrand::Rng::with_seed(1)).expect("a file");
        let paths: Vec<PathBuf> =
            Channel::ALL.iter().map(|channel| PathBuf::from(file.info().endpoint(*channel).trim_start_matches("ipc://"))).collect();
        let sockets: Vec<_> = paths.iter().map(|path| std::os::unix::net::UnixListener::bind(path).expect("short enough")).collect();
        drop(file);
        assert_eq!(sockets.len(), 5);
        assert!(paths.iter().all(|path| !path.exists()));
    }

    #[test]
    fn an_occupied_channel_cannot_be_bound_over_either_transport() {
        let context = zmq::Context::new();
        for transport in [TransportKind::Tcp, TransportKind::Ipc] {
            let reach = Reach { transport, ..Reach::default() };
            let mut file = ConnectionFile::create(&reach, &mut fastrand::Rng::with_seed(1)).expect("a file");
            file.prepare(&Start { occupied: Some(Channel::Shell), ..Start::default() }).expect("writable");
            file.release();
            let bound = Channel::ALL.map(|channel| {
                let socket = context.socket(zmq::ROUTER).expect("a socket");
                socket.bind(&file.info().endpoint(channel))
            });
            let expected = Channel::ALL.map(|channel| if channel == Channel::Shell { Err(zmq::Error::EADDRINUSE) } else { Ok(()) });
            assert_eq!(bound, expected, "{transport:?}");
            let dir = file.dir().expect("our own").to_owned();
            drop(file);
            assert!(!dir.exists());
        }
    }

    #[test]
    fn a_wrong_file_tells_all_that_is_wrong_and_where() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("kernel.json");
        std::fs::write(&path, r#"{"ip": "127.0.0.1", "key": 7, "shell_port": 0}"#).expect("writable");
        let error = ConnectionFile::existing(&path).expect_err("wrong").to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(error.contains("shell_port") && error.contains("hb_port") && error.contains("key"), "{error}");
        assert!(path.exists());
    }
}
