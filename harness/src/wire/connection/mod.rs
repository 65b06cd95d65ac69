//! The connection file: where a kernel listens and how its messages are signed.

mod fields;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::channel::Channel;
use super::sign::{Scheme, Signer, UnknownScheme};
use fields::Fields;

pub use fields::{ConnectionError, FieldMistake};

/// What carries the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportKind {
    /// `tcp://ip:port`
    Tcp,
    /// `ipc://ip-port`, where `ip` is the start of a path and the port a small number.
    Ipc,
}

impl TransportKind {
    /// The name in a connection file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
        }
    }
}

/// A connection file. Source: kernels, "Connection files"; jupyter_client for the defaults.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// What carries the frames; `tcp` if the file does not say.
    pub transport: TransportKind,
    /// The address to bind, or the start of a path for ipc.
    pub ip: String,
    /// Port, or ipc suffix, of the shell channel.
    pub shell_port: u32,
    /// Port, or ipc suffix, of the iopub channel.
    pub iopub_port: u32,
    /// Port, or ipc suffix, of the stdin channel.
    pub stdin_port: u32,
    /// Port, or ipc suffix, of the control channel.
    pub control_port: u32,
    /// Port, or ipc suffix, of the heartbeat.
    pub hb_port: u32,
    /// The HMAC key; empty for no signing.
    pub key: String,
    /// The scheme's name, known to us or not; `hmac-sha256` if the file does not say.
    pub signature_scheme: String,
    /// The kernelspec's name.
    pub kernel_name: Option<String>,
    /// All other fields, as they were.
    pub extra: Map<String, Value>,
}

impl ConnectionInfo {
    /// Reads a connection file, and tells everything that is wrong with it at once. Ports may be numbers or numeric strings.
    ///
    /// # Errors
    ///
    /// If the text is not a JSON object, or a field is missing or of the wrong kind.
    pub fn from_json(text: &str) -> Result<Self, ConnectionError> {
        let mut fields = Fields::new(text)?;
        let transport = fields.transport();
        let info = Self {
            transport,
            ip: fields.string("ip"),
            shell_port: fields.port(Channel::Shell, transport),
            iopub_port: fields.port(Channel::Iopub, transport),
            stdin_port: fields.port(Channel::Stdin, transport),
            control_port: fields.port(Channel::Control, transport),
            hb_port: fields.port(Channel::Heartbeat, transport),
            key: fields.string("key"),
            signature_scheme: fields.optional_string("signature_scheme").unwrap_or_else(default_scheme),
            kernel_name: fields.optional_string("kernel_name"),
            extra: Map::new(),
        };
        Ok(Self { extra: fields.finish()?, ..info })
    }

    /// The file's text, indented; ports as numbers, extra fields last.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut fields = Map::new();
        for channel in Channel::ALL {
            fields.insert(channel.port_field().to_owned(), json!(self.port(channel)));
        }
        fields.insert("ip".to_owned(), json!(self.ip));
        fields.insert("key".to_owned(), json!(self.key));
        fields.insert("transport".to_owned(), json!(self.transport.name()));
        fields.insert("signature_scheme".to_owned(), json!(self.signature_scheme));
        if let Some(name) = &self.kernel_name {
            fields.insert("kernel_name".to_owned(), json!(name));
        }
        fields.extend(self.extra.clone());
        format!("{:#}\n", Value::Object(fields))
    }

    /// The port, or ipc suffix, of a channel.
    #[must_use]
    pub fn port(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Shell => self.shell_port,
            Channel::Control => self.control_port,
            Channel::Stdin => self.stdin_port,
            Channel::Iopub => self.iopub_port,
            Channel::Heartbeat => self.hb_port,
        }
    }

    /// The ZeroMQ endpoint of a channel, as in `tcp://127.0.0.1:5555` or `ipc:///tmp/kernel-1`.
    #[must_use]
    pub fn endpoint(&self, channel: Channel) -> String {
        let port = self.port(channel);
        match self.transport {
            TransportKind::Tcp => format!("tcp://{}:{port}", self.ip),
            TransportKind::Ipc => format!("ipc://{}-{port}", self.ip),
        }
    }

    /// What signs the messages of this connection. The scheme does not matter without a key.
    ///
    /// # Errors
    ///
    /// If there is a key and the scheme is none that we know.
    pub fn signer(&self) -> Result<Signer, UnknownScheme> {
        if self.key.is_empty() {
            return Ok(Signer::disabled());
        }
        Ok(Signer::new(self.signature_scheme.parse()?, self.key.as_bytes()))
    }
}

fn default_scheme() -> String {
    Scheme::HmacSha256.name().to_owned()
}

impl fmt::Debug for ConnectionInfo {
    /// Shows endpoints and names; never the key, and of the extra fields only their names, as they may hold secrets too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = Channel::ALL.map(|channel| (channel.name(), self.port(channel)));
        f.debug_struct("ConnectionInfo")
            .field("transport", &self.transport.name())
            .field("ip", &self.ip)
            .field("ports", &ports)
            .field("key", &if self.key.is_empty() { "empty" } else { "hidden" })
            .field("signature_scheme", &self.signature_scheme)
            .field("kernel_name", &self.kernel_name)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: &str = r#""shell_port": 1, "control_port": 2, "stdin_port": "3", "iopub_port": 4, "hb_port": 65535"#;

    fn read(fields: &str) -> Result<ConnectionInfo, String> {
        ConnectionInfo::from_json(&format!("{{{fields}}}")).map_err(|error| error.to_string())
    }

    fn local() -> ConnectionInfo {
        ConnectionInfo {
            transport: TransportKind::Tcp,
            ip: "127.0.0.1".to_owned(),
            shell_port: 1,
            iopub_port: 4,
            stdin_port: 3,
            control_port: 2,
            hb_port: 65535,
            key: "secret".to_owned(),
            signature_scheme: "hmac-sha256".to_owned(),
            kernel_name: None,
            extra: Map::new(),
        }
    }

    #[test]
    fn what_a_file_leaves_out_has_the_usual_defaults() {
        assert_eq!(read(&format!(r#"{PORTS}, "ip": "127.0.0.1", "key": "secret""#)), Ok(local()));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let fields = r#""shell_port": 0, "control_port": 70000, "stdin_port": "x", "iopub_port": 1.5, "ip": 4, "key": ["k"],
            "transport": "inproc", "kernel_name": null"#;
        let expected = "transport: wanted \"tcp\" or \"ipc\", found \"inproc\"; ip: wanted a string, found a number; \
            shell_port: wanted a port from 1 to 65535, found 0; iopub_port: wanted a port from 1 to 65535, found 1.5; \
            stdin_port: wanted a port from 1 to 65535, found \"x\"; control_port: wanted a port from 1 to 65535, found 70000; \
            hb_port: wanted a port from 1 to 65535, found nothing; key: wanted a string, found an array; \
            kernel_name: wanted a string, found null";
        assert_eq!(read(fields), Err(expected.to_owned()));
        let text = |text| ConnectionInfo::from_json(text).map_err(|error| error.to_string());
        assert_eq!(text("[]"), Err("wanted an object, found an array".to_owned()));
        assert_eq!(text("{"), Err("not JSON: EOF while parsing an object at line 1 column 1".to_owned()));
    }

    #[test]
    fn endpoints_follow_the_transport() {
        assert_eq!(local().endpoint(Channel::Heartbeat), "tcp://127.0.0.1:65535");
        let ipc = ConnectionInfo { transport: TransportKind::Ipc, ip: "/tmp/kernel".to_owned(), ..local() };
        let endpoints = Channel::ALL.map(|channel| ipc.endpoint(channel));
        let expected = [1, 2, 3, 4, 65535].map(|suffix| format!("ipc:///tmp/kernel-{suffix}"));
        assert_eq!(endpoints, expected);
    }

    #[test]
    fn the_text_reads_back_with_its_extra_fields() {
        let mut info = ConnectionInfo { kernel_name: Some("python3".to_owned()), ..local() };
        info.extra.insert("jupyter_session".to_owned(), json!({"a": [1]}));
        assert_eq!(ConnectionInfo::from_json(&info.to_json()).ok(), Some(info));
    }

    #[test]
    fn the_signer_is_that_of_the_scheme() {
        let unknown = ConnectionInfo { signature_scheme: "none".to_owned(), ..local() };
        assert_eq!(unknown.signer().map(|_| ()), Err(UnknownScheme { found: "none".to_owned() }));
        assert_eq!(ConnectionInfo { key: String::new(), ..unknown }.signer().map(|signer| signer.is_enabled()), Ok(false));
        let signer = local().signer().map(|signer| signer.sign(&[b"part"]));
        assert_eq!(signer, Ok(Signer::new(Scheme::HmacSha256, b"secret").sign(&[b"part"])));
    }

    #[test]
    fn secrets_are_never_shown() {
        let mut info = local();
        info.extra.insert("curve_secretkey".to_owned(), json!("secret too"));
        let expected = "ConnectionInfo { transport: \"tcp\", ip: \"127.0.0.1\", ports: [(\"shell\", 1), (\"control\", 2), \
            (\"stdin\", 3), (\"iopub\", 4), (\"hb\", 65535)], key: \"hidden\", signature_scheme: \"hmac-sha256\", \
            kernel_name: None, extra: [\"curve_secretkey\"] }";
        assert_eq!(format!("{info:?}"), expected);
    }
}
