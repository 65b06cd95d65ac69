//! The target body for our own ZMTP: any bytes as those of a peer, and what must hold of whatever is made of them.

use std::sync::{Arc, Mutex};

use harness::wire::zmtp::{Command, Connection, Decoder, GREETING_LEN, Greeting, Item, Limits, Role, Violation, encode_message};
use harness::wire::{Body, Frame, Spooler, Store};

/// Bounds that small inputs can reach.
const LIMITS: Limits = Limits { frame: 1000, command: 300, message: 400, spooled: 100, frames: 5, kept: 10 };

const ROLES: [Role; 4] = [Role::Dealer, Role::Req, Role::Sub, Role::Xsub];

/// Takes the first byte for a role and the size of pieces, and the rest for what a peer sends.
///
/// # Panics
///
/// If an invariant is broken.
pub fn peer(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let piece = usize::from(choice >> 2) + 1;
    let (items, violations) = decoded(bytes, piece);
    assert_eq!((items.clone(), violations.clone()), decoded(bytes, bytes.len().max(1)), "pieces make no difference");
    assert_eq!((items.clone(), violations), decoded_by(Decoder::new(LIMITS), bytes, piece), "nor does where they are kept");
    items.iter().for_each(check_item);
    check_connection(ROLES[usize::from(choice & 3)], bytes, piece);
}

/// Keeps in memory what is to be out of it.
#[derive(Debug)]
struct Places;

impl Spooler for Places {
    fn store(&self) -> Option<Box<dyn Store>> {
        Some(Box::new(Mutex::new(Vec::new())))
    }
}

fn decoded(bytes: &[u8], piece: usize) -> (Vec<Item>, Vec<Violation>) {
    decoded_by(Decoder::new(LIMITS).with_spooler(Arc::new(Places)), bytes, piece)
}

fn decoded_by(mut decoder: Decoder, bytes: &[u8], piece: usize) -> (Vec<Item>, Vec<Violation>) {
    let (mut items, mut violations) = (Vec::new(), Vec::new());
    for mut piece in bytes.chunks(piece) {
        while let Some(item) = decoder.next(&mut piece, &mut violations) {
            items.push(item);
        }
        assert!(piece.is_empty(), "all is taken");
        assert!(decoder.held() as u64 <= LIMITS.frame + LIMITS.message + GREETING_LEN as u64, "{} bytes", decoder.held());
    }
    (items, violations)
}

fn check_item(item: &Item) {
    match item {
        Item::Message { frames, cut_from } => {
            let size: u64 = frames.iter().map(|frame| frame.len() as u64).sum();
            assert!(frames.len() <= LIMITS.frames && size <= LIMITS.message);
            match cut_from {
                Some(whole) => assert!(size <= *whole && frames.iter().all(|frame| frame.len() <= LIMITS.kept)),
                None => assert_eq!(again(frames), std::slice::from_ref(item), "a message comes back"),
            }
        }
        Item::Command(body) => check_command(body),
        Item::Greeting(_) => {}
    }
}

/// What is read of a message that was written.
fn again(frames: &[Body]) -> Vec<Item> {
    let frames: Vec<Frame> = frames.iter().map(|frame| frame.to_vec()).collect();
    let mut bytes = Greeting::OURS.encode().to_vec();
    encode_message(&frames, &mut bytes);
    let (mut items, violations) = decoded(&bytes, bytes.len());
    assert_eq!(violations, [], "what we write is right");
    items.split_off(1)
}

/// A command that was read, written and read again, is the same.
fn check_command(body: &[u8]) {
    let Ok(command) = Command::read(body, &mut Vec::new()) else { return };
    let mut bytes = Greeting::OURS.encode().to_vec();
    command.encode(&mut bytes);
    let (items, violations) = decoded(&bytes, bytes.len());
    assert_eq!(violations, [], "what we write is right");
    let Some(Item::Command(body)) = items.get(1) else { panic!("a command: {items:?}") };
    assert_eq!(Command::read(body, &mut Vec::new()), Ok(command), "a command comes back");
}

fn check_connection(role: Role, bytes: &[u8], piece: usize) {
    let mut connection = Connection::new(role, b"fuzz", LIMITS);
    let mut violations = Vec::new();
    for piece in bytes.chunks(piece) {
        connection.receive(piece);
        violations.extend(connection.take_violations());
    }
    assert!(connection.ready().is_none() || !connection.is_over());
    assert!(!connection.is_over() || !violations.is_empty(), "an end has a reason");
    assert!(connection.inbox().iter().all(|message| message.frames.len() <= LIMITS.frames));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_breaks_nothing() {
        crate::own::corpus::replay("zmtp", peer);
    }
}
