//! Connections of those who do not speak ZeroMQ: bytes by plain TCP to a port of the kernel.

use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Session;
use crate::trace::{Event, Stranger};
use crate::wire::TransportKind;

/// What a connection on this machine, or a write into its buffers, may take.
const PATIENCE: Duration = Duration::from_secs(1);

impl Session {
    /// Sends what a step says to the port of its channel, and records how many could. A kernel may refuse, or close before all is sent.
    pub(super) fn send_as_strangers(&mut self, wanted: &Stranger) {
        let Some(address) = self.address_of(wanted) else { return };
        let send = |_| -> std::io::Result<TcpStream> {
            let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            // What the kernel does not take is no less odd for being cut.
            let _ = stream.write_all(&wanted.bytes.0);
            Ok(stream)
        };
        let sent: Vec<TcpStream> = (0..wanted.peers).filter_map(|peer| send(peer).ok()).collect();
        let peers = u32::try_from(sent.len()).unwrap_or(u32::MAX);
        if peers > 0 {
            self.recorder.record(Event::Stranger(Stranger { peers, ..wanted.clone() }));
        }
        if wanted.stay {
            self.strangers.extend(sent);
        }
    }

    /// The address behind a channel, on this machine only.
    fn address_of(&self, wanted: &Stranger) -> Option<SocketAddr> {
        let ip: IpAddr = self.link.ip.parse().ok().filter(IpAddr::is_loopback)?;
        let port = u16::try_from(self.link.port(wanted.channel)).ok()?;
        (self.link.transport == TransportKind::Tcp).then(|| SocketAddr::new(ip, port))
    }
}
