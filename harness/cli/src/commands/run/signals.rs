//! SIGINT and SIGTERM end a run: the first one lets it write down what it found, a second one ends it at once.

use std::io::Write;

use anyhow::Context;
use harness::session::Cancel;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::usage::NO_VERDICT;

/// Listens from now on.
pub(crate) fn cancel_on_signal(runtime: &Runtime, cancel: Cancel) -> anyhow::Result<()> {
    let _context = runtime.enter();
    let listen = |kind| signal(kind).context("cannot listen to signals");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    runtime.spawn(async move {
        next(&mut interrupt, &mut terminate).await;
        say("ending the run; once more ends it at once, without results");
        cancel.set();
        next(&mut interrupt, &mut terminate).await;
        // The guards see their sockets close and end the kernels.
        std::process::exit(NO_VERDICT.into());
    });
    Ok(())
}

/// Tells on stderr, if there is one.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "kernelcheck: {text}");
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
