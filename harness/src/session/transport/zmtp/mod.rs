//! The transport over our own ZMTP: the same as libzmq does for us, on the session's own thread.
//!
//! All connections stand in the one poll in which the session sleeps, so that nothing of them goes on between two waits: what
//! comes meanwhile stays with the system, whose buffers make a kernel wait as libzmq's queues do, and who pings is answered then.

mod address;
mod link;
#[cfg(test)]
mod tests;

use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{Arrival, BURST, Endpoint, Transport, TransportError};
use crate::trace::{Spools, Violation, WireKind};
use crate::wire::zmtp::Role;
use crate::wire::{Channel, ConnectionInfo, Frame};
use address::Address;
use link::{Link, Use};

/// Bytes that are read at once.
const BUFFER: usize = 64 << 10;

/// Connections of our own, polled by the thread that owns them.
pub(super) struct Zmtp {
    links: Vec<Link>,
    /// Of clients that were cut off.
    cut_off: Vec<Link>,
    /// Of clients that are gone.
    violations: Vec<Violation>,
    buffer: Vec<u8>,
    spools: Spools,
}

impl Zmtp {
    /// No connections yet, and where their large frames are to go.
    pub(super) fn new(spools: Spools) -> Self {
        Self { links: Vec::new(), cut_off: Vec::new(), violations: Vec::new(), buffer: vec![0; BUFFER], spools }
    }

    /// Sleeps until `until`, or until something can be done, and does it. Returns whether it was one of `wakers` that ended the sleep.
    fn turn(&mut self, until: Instant, wakers: &[BorrowedFd<'_>], take_in: bool) -> Result<bool, TransportError> {
        let now = Instant::now();
        for link in &mut self.links {
            link.start(now).map_err(|error| trouble("cannot connect", error))?;
        }
        let until = self.links.iter().filter_map(Link::timer).fold(until, Instant::min);
        let polled = self.links.iter().enumerate().filter_map(|(index, link)| Some((index, link.poll(take_in)?)));
        let (indices, mut items): (Vec<usize>, Vec<PollFd<'_>>) = polled.unzip();
        items.extend(wakers.iter().map(|&waker| PollFd::from_borrowed_fd(waker, PollFlags::IN)));
        // A time beyond all that the system knows is for ever.
        let timeout = Timespec::try_from(until.saturating_duration_since(now)).ok();
        match poll(&mut items, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(trouble("cannot wait", error)),
        }
        let woken = items[indices.len()..].iter().any(|item| !item.revents().is_empty());
        let events: Vec<PollFlags> = items.iter().map(PollFd::revents).collect();
        for (index, events) in indices.into_iter().zip(events) {
            self.links[index].serve(events, &mut self.buffer);
        }
        Ok(woken)
    }

    /// Takes messages of each socket, up to a burst; whether more may be left.
    fn deliver(&mut self, arrivals: &mut Vec<Arrival>) -> bool {
        let mut behind = false;
        for link in &mut self.links {
            for _ in 0..BURST {
                let Some(message) = link.next() else { break };
                arrivals.push(Arrival {
                    client: link.purpose.client.clone(),
                    channel: link.purpose.channel,
                    frames: message.frames,
                    at: Instant::now(),
                    cut_from: message.cut_from,
                });
            }
            behind |= link.is_behind();
        }
        behind
    }

    /// The links of a client, which are no longer among those that are served.
    fn take(&mut self, client: &str) -> Vec<Link> {
        self.links.extract_if(.., |link| link.purpose.client == client).collect()
    }

    fn part(&mut self, gone: Vec<Link>) {
        for mut link in gone {
            link.part(&mut self.buffer);
            self.violations.extend(link.violations());
        }
    }

    /// The place of the link that sends on a channel. What goes to iopub has a peer of its own, opened when it is first needed.
    fn sender(&mut self, client: &str, channel: Channel) -> Option<usize> {
        let is_of = |link: &Link| link.purpose.client == client && link.purpose.channel == channel;
        let subscriber = self.links.iter().position(is_of)?;
        if channel != Channel::Iopub {
            return Some(subscriber);
        }
        if let Some(upstream) = self.links.iter().position(|link| is_of(link) && link.purpose.role == Role::Xsub) {
            return Some(upstream);
        }
        let purpose = Use { client: client.to_owned(), channel, role: Role::Xsub, identity: Vec::new(), topics: Vec::new(), unread: false };
        let upstream = Link::new(purpose, self.links[subscriber].address().clone(), self.spools.clone());
        self.links.push(upstream);
        Some(self.links.len() - 1)
    }
}

impl Transport for Zmtp {
    fn kind(&self) -> WireKind {
        WireKind::Zmtp
    }

    fn open(&mut self, endpoint: &Endpoint, link: &ConnectionInfo) -> Result<(), TransportError> {
        for channel in Channel::ALL {
            let failed = |error: std::io::Error| TransportError::Open {
                channel: channel.name(),
                endpoint: link.endpoint(channel),
                reason: error.to_string(),
            };
            let address = Address::of(link, channel).map_err(failed)?;
            let role = match channel {
                Channel::Iopub => Role::Sub,
                Channel::Heartbeat => Role::Req,
                Channel::Shell | Channel::Control | Channel::Stdin => Role::Dealer,
            };
            let purpose = Use {
                client: endpoint.client.clone(),
                channel,
                role,
                identity: if role == Role::Dealer { endpoint.identity.clone() } else { Vec::new() },
                topics: if role == Role::Sub { endpoint.topics.clone() } else { Vec::new() },
                unread: endpoint.deaf && role == Role::Sub,
            };
            self.links.push(Link::new(purpose, address, self.spools.clone()));
        }
        Ok(())
    }

    fn close(&mut self, client: &str) {
        let gone = self.take(client);
        self.part(gone);
    }

    fn cut_off(&mut self, client: &str) {
        let gone = self.take(client);
        self.cut_off.extend(gone);
    }

    fn hang_up(&mut self) {
        let gone = std::mem::take(&mut self.cut_off);
        self.part(gone);
    }

    fn await_links(&mut self, client: &str, until: Instant) -> Result<bool, TransportError> {
        loop {
            let is_missing = |link: &Link| link.purpose.client == client && link.purpose.role != Role::Xsub && !link.is_ready();
            let missing = self.links.iter().any(is_missing);
            if !missing || Instant::now() >= until {
                return Ok(!missing);
            }
            self.turn(until, &[], false)?;
        }
    }

    fn send(&mut self, client: &str, channel: Channel, frames: &[Frame]) -> Result<(), TransportError> {
        let Some(sender) = self.sender(client, channel) else {
            return Err(TransportError::NoSocket { client: client.to_owned(), channel: channel.name() });
        };
        self.links[sender].send(frames, &mut self.buffer);
        Ok(())
    }

    fn wait(&mut self, until: Instant, wakers: &[BorrowedFd<'_>], arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError> {
        loop {
            // What is there already is waited for no longer, but all else that has come comes with it.
            let sleep = if self.links.iter().any(Link::is_behind) { Instant::now() } else { until };
            let woken = self.turn(sleep, wakers, true)?;
            let behind = self.deliver(arrivals);
            if woken || !arrivals.is_empty() || Instant::now() >= until {
                return Ok(behind);
            }
        }
    }

    fn violations(&mut self) -> Vec<Violation> {
        let mut violations = std::mem::take(&mut self.violations);
        self.links.iter_mut().for_each(|link| violations.extend(link.violations()));
        violations
    }
}

fn trouble(doing: &'static str, error: Errno) -> TransportError {
    TransportError::Socket { doing, reason: error.to_string() }
}
