//! A client as small as one can be, straight on libzmq.

use std::collections::HashSet;

use harness::wire::{Body, Channel, ConnectionInfo, Header, Message, Signer};

/// A client as small as one can be: it signs, sends, and waits for the reply and the idle of its question.
pub(crate) struct Bare {
    shell: zmq::Socket,
    iopub: zmq::Socket,
    signer: Signer,
    asked: u64,
    replied: HashSet<String>,
    idle: HashSet<String>,
}

impl Bare {
    pub(crate) fn connect(link: &ConnectionInfo) -> Self {
        let context = zmq::Context::new();
        let open = |kind, channel| {
            let socket = context.socket(kind).expect("a socket");
            socket.connect(&link.endpoint(channel)).expect("an endpoint");
            socket
        };
        let (shell, iopub) = (open(zmq::DEALER, Channel::Shell), open(zmq::SUB, Channel::Iopub));
        iopub.set_subscribe(b"").expect("a subscription");
        let mut bare =
            Self { shell, iopub, signer: link.signer().expect("a known scheme"), asked: 0, replied: HashSet::new(), idle: HashSet::new() };
        // The subscription lives once a status comes.
        while !bare.hears_status() {}
        bare
    }

    fn hears_status(&mut self) -> bool {
        self.ask();
        self.shell.recv_multipart(0).expect("a reply");
        let heard = self.iopub.poll(zmq::POLLIN, 100).expect("a socket") > 0;
        self.drain();
        heard
    }

    fn ask(&mut self) -> String {
        self.asked += 1;
        let id = format!("bare-{}", self.asked);
        let header = Header {
            msg_id: id.clone(),
            session: "bare".to_owned(),
            username: "bare".to_owned(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            msg_type: "kernel_info_request".to_owned(),
            version: "5.5".to_owned(),
            subshell_id: None,
        };
        let empty = || b"{}".to_vec();
        let message =
            Message { header: header.to_json().into_bytes(), parent: empty(), metadata: empty(), content: empty(), ..Message::default() };
        self.shell.send_multipart(message.encode(&self.signer), 0).expect("a socket");
        id
    }

    pub(crate) fn round_trip(&mut self) {
        let id = self.ask();
        self.settle(&id, true);
    }

    pub(crate) fn drain(&self) {
        while self.iopub.recv_multipart(zmq::DONTWAIT).is_ok() {}
    }

    /// Sends a recorded message again, signed anew; gives its id.
    pub(crate) fn send_again(&self, frames: &[Body]) -> String {
        let mut frames: Vec<Vec<u8>> = frames.iter().map(|frame| frame.to_vec()).collect();
        let parts: [&[u8]; 4] = [&frames[2], &frames[3], &frames[4], &frames[5]];
        let header: serde_json::Value = serde_json::from_slice(parts[0]).expect("an honest header");
        frames[1] = self.signer.sign(&parts).into_bytes();
        self.shell.send_multipart(frames, 0).expect("a socket");
        header["msg_id"].as_str().expect("an honest header").to_owned()
    }

    /// Waits for the idle of a message, and for its reply if it is to have one; takes in what came for others on the way.
    pub(crate) fn settle(&mut self, id: &str, replied: bool) {
        while !((self.replied.contains(id) || !replied) && self.idle.contains(id)) {
            self.take_in();
        }
    }

    fn take_in(&mut self) {
        let mut items = [self.shell.as_poll_item(zmq::POLLIN), self.iopub.as_poll_item(zmq::POLLIN)];
        zmq::poll(&mut items, -1).expect("sockets");
        let readable = [items[0].is_readable(), items[1].is_readable()];
        if readable[0] {
            let (parent, _) = self.read(&self.shell.recv_multipart(0).expect("a message"));
            self.replied.insert(parent);
        }
        if readable[1] {
            let (parent, content) = self.read(&self.iopub.recv_multipart(0).expect("a message"));
            if content["execution_state"] == "idle" {
                self.idle.insert(parent);
            }
        }
    }

    /// The id of the parent and the content of a message that verifies.
    fn read(&self, frames: &[Vec<u8>]) -> (String, serde_json::Value) {
        let at = frames.iter().position(|frame| frame == b"<IDS|MSG>").expect("a delimiter");
        let parts: [&[u8]; 4] = [&frames[at + 2], &frames[at + 3], &frames[at + 4], &frames[at + 5]];
        assert!(self.signer.verify(&frames[at + 1], &parts));
        let json = |part: &[u8]| serde_json::from_slice::<serde_json::Value>(part).expect("JSON");
        let (_header, parent, _metadata) = (json(parts[0]), json(parts[1]), json(parts[2]));
        (parent["msg_id"].as_str().unwrap_or_default().to_owned(), json(parts[3]))
    }
}
