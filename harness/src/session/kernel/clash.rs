//! Who has a kernel's ports: the kernel itself, or another program that took one, so that it could not start.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};
use regex::bytes::Regex;
use rustix::process::Pid;

use super::guard::tree::descendants;
use crate::wire::{Channel, ConnectionInfo, TransportKind};

/// What the languages' libraries say when a port is taken.
static SPEAKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)address (is )?(already |currently )?in use|EADDRINUSE|AddrInUse|errno[ =:]+98\b|port (is )?already (in use|allocated)")
        .expect("a valid pattern")
});

/// A port of the kernel that someone else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whose port it should be.
    pub channel: Channel,
    /// The port.
    pub port: u32,
}

/// The first line of a process's output that says that an address is taken.
#[must_use]
pub fn speaks_of_clash(output: &[u8]) -> Option<String> {
    let found = SPEAKS.find(output)?;
    let start = output[..found.start()].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = output[found.end()..].iter().position(|byte| *byte == b'\n').map_or(output.len(), |at| found.end() + at);
    Some(String::from_utf8_lossy(&output[start..end]).trim().to_owned())
}

/// A port of the connection that a process outside the tree below `root` (the guard) has.
///
/// A port that nobody has, or that only an ended connection still blocks, is not taken. For ipc there is none.
#[must_use]
pub fn taken_port(connection: &ConnectionInfo, root: u32) -> Option<Taken> {
    if connection.transport != TransportKind::Tcp {
        return None;
    }
    let holders: Vec<TcpNetEntry> = sockets().into_iter().filter(|entry| entry.state != TcpState::TimeWait).collect();
    let ip = connection.ip.parse().ok()?;
    let suspects: Vec<(Channel, u64)> = Channel::ALL
        .into_iter()
        .flat_map(|channel| {
            let port = connection.port(channel);
            let holders = holders.iter().filter(move |entry| blocks(entry.local_address, ip, port));
            holders.map(move |entry| (channel, entry.inode))
        })
        .collect();
    if suspects.is_empty() {
        return None;
    }
    let own = sockets_below(root);
    // A connection whose owner has closed it has no inode; it is on its way out.
    let foreign = suspects.into_iter().find(|(_, inode)| *inode != 0 && !own.contains(inode));
    foreign.map(|(channel, _)| Taken { channel, port: connection.port(channel) })
}

/// The channels on whose ports a process in the tree below `root` listens; not known for ipc.
#[must_use]
pub(super) fn listening(connection: &ConnectionInfo, root: u32) -> Option<Vec<Channel>> {
    if connection.transport != TransportKind::Tcp {
        return None;
    }
    let ip = connection.ip.parse().ok()?;
    let own = sockets_below(root);
    let listeners: Vec<TcpNetEntry> =
        sockets().into_iter().filter(|entry| entry.state == TcpState::Listen && own.contains(&entry.inode)).collect();
    let has = |channel: &Channel| listeners.iter().any(|entry| blocks(entry.local_address, ip, connection.port(*channel)));
    Some(Channel::ALL.into_iter().filter(has).collect())
}

/// The addresses at which the processes in the tree below `root` listen, by channel. Not known for ipc, nor where not even shell, on
/// which the kernel has answered, is among them: then its sockets are not for us to see.
#[must_use]
pub fn addresses(connection: &ConnectionInfo, root: u32) -> Option<BTreeMap<Channel, Vec<String>>> {
    if connection.transport != TransportKind::Tcp {
        return None;
    }
    let own = sockets_below(root);
    let mut found: BTreeMap<Channel, BTreeSet<IpAddr>> = BTreeMap::new();
    for entry in sockets().into_iter().filter(|entry| entry.state == TcpState::Listen && own.contains(&entry.inode)) {
        let port = u32::from(entry.local_address.port());
        if let Some(channel) = Channel::ALL.into_iter().find(|channel| connection.port(*channel) == port) {
            // A socket of both families shows an address of the old one in a form of the new.
            found.entry(channel).or_default().insert(entry.local_address.ip().to_canonical());
        }
    }
    let texts = |(channel, ips): (Channel, BTreeSet<IpAddr>)| (channel, ips.iter().map(ToString::to_string).collect());
    found.contains_key(&Channel::Shell).then(|| found.into_iter().map(texts).collect())
}

/// Whether a socket at `address` keeps another from `ip` and `port`.
fn blocks(address: SocketAddr, ip: IpAddr, port: u32) -> bool {
    let everywhere = address.ip().is_unspecified() || ip.is_unspecified();
    u32::from(address.port()) == port && (everywhere || address.ip() == ip)
}

fn sockets() -> Vec<TcpNetEntry> {
    let Ok(me) = Process::myself() else {
        return Vec::new();
    };
    // Without IPv6 there is no such table.
    me.tcp().into_iter().chain(me.tcp6()).flatten().collect()
}

fn sockets_below(root: u32) -> BTreeSet<u64> {
    let Some(root) = i32::try_from(root).ok().and_then(Pid::from_raw) else {
        return BTreeSet::new();
    };
    let processes = descendants(root).into_iter().filter_map(|living| Process::new(living.pid.as_raw_nonzero().get()).ok());
    let fds = processes.filter_map(|process| process.fd().ok()).flatten().flatten();
    fds.filter_map(|fd| if let FDTarget::Socket(inode) = fd.target { Some(inode) } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::session::kernel::{ConnectionFile, Reach};

    #[test]
    fn the_line_that_speaks_of_it_is_told() {
        let says = [
            ("zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:4')", true),
            ("Error: bind EADDRINUSE 127.0.0.1:4", true),
            ("Os { code: 98, kind: AddrInUse, message: \"…\" }", true),
            ("java.net.BindException: Address already in use", true),
            ("OSError: [Errno 98] …", true),
            ("the address of the user", false),
        ];
        for (line, expected) in says {
            let output = format!("Traceback\n  {line}\nbye");
            assert_eq!(speaks_of_clash(output.as_bytes()), expected.then(|| line.to_owned()));
        }
    }

    #[test]
    fn a_port_of_another_process_is_taken() {
        let mut random = fastrand::Rng::with_seed(1);
        let file = ConnectionFile::create(&Reach::default(), &mut random).expect("a file");
        file.release();
        // No process is below one that does not exist, so all that is ours is another's.
        let nobody = u32::try_from(i32::MAX).expect("positive");
        assert_eq!(taken_port(file.info(), nobody), None);
        let port = file.info().iopub_port;
        let _listener = TcpListener::bind(("127.0.0.1", u16::try_from(port).expect("a port"))).expect("released");
        assert_eq!(taken_port(file.info(), nobody), Some(Taken { channel: Channel::Iopub, port }));
    }
}
