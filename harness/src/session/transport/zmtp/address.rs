//! Where a kernel's sockets are, and the first step to them.

use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;

use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, getpeername, getsockname, socket_with, sockopt};

use crate::wire::{Channel, ConnectionInfo, TransportKind};

/// An address that can be connected to.
#[derive(Debug, Clone)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Unix(SocketAddrUnix),
}

/// A socket on its way.
pub(super) enum Dialled {
    Connected(OwnedFd),
    /// It is writable as soon as it is known what came of it.
    Connecting(OwnedFd),
    /// Nobody listens.
    Refused,
}

impl Address {
    /// The address of a channel; a name is looked up.
    pub(super) fn of(link: &ConnectionInfo, channel: Channel) -> std::io::Result<Self> {
        let port = link.port(channel);
        match link.transport {
            TransportKind::Tcp => {
                let port = u16::try_from(port).map_err(std::io::Error::other)?;
                // As libzmq does, which knows IPv4 only where nothing else is said.
                let found = (link.ip.as_str(), port).to_socket_addrs()?.min_by_key(SocketAddr::is_ipv6);
                found.map(Self::Tcp).ok_or_else(|| std::io::Error::other("the name has no address"))
            }
            TransportKind::Ipc => {
                let path = format!("{}-{port}", link.ip);
                let address = match path.strip_prefix('@') {
                    Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes()),
                    None => SocketAddrUnix::new(path),
                };
                Ok(Self::Unix(address?))
            }
        }
    }

    /// Begins to connect; the bytes that the system keeps of what comes are as many as it likes, or `kept`. An error is trouble of ours.
    pub(super) fn dial(&self, kept: Option<usize>) -> Result<Dialled> {
        let family = match self {
            Self::Tcp(SocketAddr::V4(_)) => AddressFamily::INET,
            Self::Tcp(SocketAddr::V6(_)) => AddressFamily::INET6,
            Self::Unix(_) => AddressFamily::UNIX,
        };
        let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        if let Some(kept) = kept {
            sockopt::set_socket_recv_buffer_size(&socket, kept)?;
        }
        let begun = match self {
            Self::Tcp(address) => {
                sockopt::set_tcp_nodelay(&socket, true)?;
                connect(&socket, address)
            }
            Self::Unix(address) => connect(&socket, address),
        };
        Ok(match begun {
            Ok(()) => self.reached(socket),
            Err(Errno::INPROGRESS | Errno::INTR) => Dialled::Connecting(socket),
            Err(_) => Dialled::Refused,
        })
    }

    /// What came of a connection that was on its way.
    pub(super) fn outcome(&self, socket: OwnedFd) -> Dialled {
        match sockopt::socket_error(&socket) {
            Ok(Ok(())) => self.reached(socket),
            Ok(Err(_)) | Err(_) => Dialled::Refused,
        }
    }

    /// TCP may connect a socket to itself, where nobody listens at a port that the system then gives to it.
    fn reached(&self, socket: OwnedFd) -> Dialled {
        let is_own = || getpeername(&socket).is_ok_and(|peer| peer == getsockname(&socket).ok());
        if matches!(self, Self::Tcp(_)) && is_own() { Dialled::Refused } else { Dialled::Connected(socket) }
    }
}
