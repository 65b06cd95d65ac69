//! Free ports for a kernel, kept free until it is about to start.
//!
//! A port that the system named as free can be given to the next who asks. So ports are held bound until the kernel starts,
//! and are claimed as long as their connection file exists, by a name that all processes of ours see: two kernels of ours never
//! meet. Another program can still take one in the moments between; that is noticed when the kernel starts.
//!
//! They lie below the range from which the system takes the near end of a connection. A client that tries again and again to
//! reach a port in that range, before the kernel listens there, is in the end given that very port for its own end, and is
//! then connected to itself.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, ipproto, socket_with};

use crate::wire::Channel;

/// Each refused port is one that somebody holds, so this many are never met.
const TRIES: usize = 1000;
/// Ports below are often those of servers.
const LOWEST: u16 = 12_000;
/// Where Linux begins unless told otherwise.
const USUAL_FIRST: u16 = 32_768;

/// A port for each channel.
#[derive(Debug)]
pub(super) struct Ports {
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    channel: Channel,
    port: u16,
    /// Bound, but not listening: who connects early is refused, as by a kernel that is not there yet.
    socket: Option<OwnedFd>,
    /// Lasts as long as this does.
    _claim: OwnedFd,
}

impl Ports {
    /// Binds a free port on `ip` for each channel.
    pub(super) fn hold(ip: IpAddr) -> Result<Self, Errno> {
        let mut ports = Self { held: Vec::new() };
        for channel in Channel::ALL {
            ports.held.push(hold_one(channel, ip)?);
        }
        Ok(ports)
    }

    /// The port of a channel.
    pub(super) fn port(&self, channel: Channel) -> u32 {
        self.held.iter().find(|held| held.channel == channel).map_or(0, |held| u32::from(held.port))
    }

    /// Lets go of all ports but those of the `kept` channels, which the kernel will then find taken.
    pub(super) fn release(&mut self, kept: &[Channel]) {
        for held in self.held.iter_mut().filter(|held| !kept.contains(&held.channel)) {
            held.socket = None;
        }
    }
}

fn hold_one(channel: Channel, ip: IpAddr) -> Result<Held, Errno> {
    for _ in 0..TRIES {
        // Where they go is no choice of the run, so it does not follow from its seed.
        let port = fastrand::u16(LOWEST..first_of_clients().max(LOWEST + 1));
        match claim(port).and_then(|claim| Ok((claim, bound_socket(ip, port)?))) {
            Ok((claim, socket)) => return Ok(Held { channel, port, socket: Some(socket), _claim: claim }),
            Err(Errno::ADDRINUSE) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::ADDRINUSE)
}

/// Claims a port, on whatever address, among all that ask so: a name in the system's abstract namespace, which has one holder at a
/// time, belongs to the same network as the port, and is gone with its process.
fn claim(port: u16) -> Result<OwnedFd, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrUnix::new_abstract_name(format!("kernelcheck/port/{port}").as_bytes())?)?;
    Ok(socket)
}

/// The first port that the system gives to the near end of a connection.
fn first_of_clients() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(USUAL_FIRST)
}

fn bound_socket(ip: IpAddr, port: u16) -> Result<OwnedFd, Errno> {
    let family = if ip.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, Some(ipproto::TCP))?;
    bind(&socket, &SocketAddr::new(ip, port))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn ports_are_distinct_refuse_and_can_be_bound_once_released() {
        let mut ports = Ports::hold(HERE).expect("free ports");
        let numbers: BTreeSet<u32> = Channel::ALL.map(|channel| ports.port(channel)).into();
        assert_eq!(numbers.len(), 5);
        let shell = u16::try_from(ports.port(Channel::Shell)).expect("a port");
        assert!(TcpListener::bind((HERE, shell)).is_err(), "still held");
        assert!(TcpStream::connect((HERE, shell)).is_err(), "nobody listens");

        ports.release(&[Channel::Iopub]);
        let iopub = u16::try_from(ports.port(Channel::Iopub)).expect("a port");
        TcpListener::bind((HERE, shell)).expect("released");
        assert!(TcpListener::bind((HERE, iopub)).is_err(), "kept");
    }

    #[test]
    fn a_released_port_is_not_given_out_again_while_its_owner_lives() {
        let mut first = Ports::hold(HERE).expect("free ports");
        first.release(&[]);
        let taken: BTreeSet<u32> = Channel::ALL.map(|channel| first.port(channel)).into();
        let others: Vec<Ports> = (0..50).map(|_| Ports::hold(HERE).expect("free ports")).collect();
        let again = others.iter().flat_map(|ports| Channel::ALL.map(|channel| ports.port(channel)));
        assert_eq!(again.filter(|port| taken.contains(port)).count(), 0);
    }
}
