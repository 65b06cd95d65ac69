//! Connections of those who do not speak ZeroMQ, or only half of it: bytes by plain TCP to a port of the kernel.

use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use super::play::Stop;
use super::{Session, SessionError};
use crate::trace::{Event, Stranger};
use crate::wire::{Channel, TransportKind};

/// What a connection on this machine, or a write into its buffers, may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Seconds between two pieces, in which the kernel says its part of a handshake: what comes too early breaks it.
const BETWEEN: f64 = 0.1;

impl Session {
    /// Sends what a step says to the port of its channel, and records how many connections did. A kernel may refuse, or close before
    /// all is sent; that is no less odd.
    pub(super) fn send_as_strangers(&mut self, wanted: &Stranger) -> Result<Stop, SessionError> {
        let Some(address) = self.address_of(wanted.channel) else { return Ok(None) };
        let mut streams: Vec<TcpStream> = (0..wanted.peers).filter_map(|_| connect(address).ok()).collect();
        if streams.is_empty() {
            return Ok(None);
        }
        let peers = u32::try_from(streams.len()).unwrap_or(u32::MAX);
        self.recorder.record(Event::Stranger(Stranger { peers, ..wanted.clone() }));
        for (index, piece) in wanted.bytes.iter().enumerate() {
            if index > 0
                && let Some(stop) = self.pause(BETWEEN)?
            {
                return Ok(Some(stop));
            }
            for stream in &mut streams {
                let _ = stream.write_all(&piece.0);
            }
        }
        if wanted.stay {
            self.strangers.extend(streams);
        }
        Ok(None)
    }

    /// The address behind a channel, on this machine only.
    fn address_of(&self, channel: Channel) -> Option<SocketAddr> {
        let ip: IpAddr = self.link.ip.parse().ok().filter(IpAddr::is_loopback)?;
        let port = u16::try_from(self.link.port(channel)).ok()?;
        (self.link.transport == TransportKind::Tcp).then(|| SocketAddr::new(ip, port))
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
