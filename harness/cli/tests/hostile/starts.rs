//! A kernel that answers the first question with nonsense: there is no verdict, and what was seen is told beside that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::bench::{Bench, SHORT};
use crate::run::Results;

/// A socket on a port of its own.
fn bound(context: &zmq::Context) -> (zmq::Socket, u16) {
    let socket = context.socket(zmq::ROUTER).expect("a socket");
    socket.set_rcvtimeo(50).expect("a socket");
    socket.bind("tcp://127.0.0.1:*").expect("a port");
    let endpoint = socket.get_last_endpoint().expect("bound").expect("UTF-8");
    let port = endpoint.rsplit(':').next().and_then(|port| port.parse().ok());
    (socket, port.expect("a port"))
}

#[test]
fn what_was_wrong_before_a_kernel_was_ready_is_told() {
    let bench = Bench::new();
    let context = zmq::Context::new();
    let sockets: Vec<(zmq::Socket, u16)> = (0..5).map(|_| bound(&context)).collect();
    let ports: Vec<u16> = sockets.iter().map(|(_, port)| *port).collect();
    let connection = json!({
        "transport": "tcp", "ip": "127.0.0.1", "key": "a key", "signature_scheme": "hmac-sha256",
        "shell_port": ports[0], "iopub_port": ports[1], "stdin_port": ports[2], "control_port": ports[3], "hb_port": ports[4],
    });
    bench.write("kernel.json", connection.to_string());
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let kernel = std::thread::spawn(move || {
        while !is_over.load(Ordering::SeqCst) {
            let Ok(request) = sockets[0].0.recv_multipart(0) else { continue };
            let header = b"{\"msg_id\": \"1\", \"msg_type\": \"kernel_info_reply\"";
            let unfinished: [&[u8]; 5] = [&request[0], b"<IDS|MSG>", b"no signature", header, b"{}"];
            let forged: [&[u8]; 7] = [&request[0], b"<IDS|MSG>", b"no signature", b"{}", b"{}", b"{}", b"{}"];
            sockets[0].0.send_multipart(unfinished, 0).and_then(|()| sockets[0].0.send_multipart(forged, 0)).expect("it listens");
        }
    });
    let select = "execute/plain";
    let run = bench.call(&["run", "--out", "out", "--deadline-scale", SHORT, "--select", select, "--existing", "kernel.json"]);
    over.store(true, Ordering::SeqCst);
    kernel.join().expect("no panic");
    assert_eq!(run.keeps_within(40, 20.0).code, Some(4));
    let results = Results::of(&bench, select);
    results.finds("AUTH-01", "deviation", "the signature of").finds("WIRE-01", "deviation", "3 of 5 frames after the delimiter");
    results.finds("WIRE-04", "deviation", "header: truncated").finds("LIFE-01", "deviation", "got no reply in time");
    let troubles = results.troubles();
    assert!(troubles.len() == 1 && troubles[0].contains("is it still running, and is kernel.json its connection file?"), "{troubles:?}");
}
