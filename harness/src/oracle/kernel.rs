//! One life of a kernel: a process, as the trace tells of it.

use std::sync::Arc;

use crate::trace::{Calibrated, KernelStarted, Listening};
use crate::wire::{Channel, Json};

/// How many round trips a second of the protocol's texts has at least.
const ROUND_TRIPS: f64 = 50.0;

/// What is known of a kernel process at the end of an episode.
#[derive(Debug, Clone, Default)]
pub struct Kernel {
    /// Counts the processes in the order of the trace, from 1; 0 before the first.
    pub life: u32,
    /// When it was started (nanoseconds since the trace began).
    pub since: u64,
    /// How it was started.
    pub started: Option<Started>,
    /// Deadlines.
    pub calibrated: Option<Calibrated>,
    /// Where it listened once it was ready, where that is known.
    pub listening: Option<Listening>,
    /// Content of its latest `kernel_info_reply` with status ok.
    pub info: Option<Arc<Json>>,
    /// Wall clock at the trace's begin, nanoseconds since 1970; 0 if unknown.
    pub unix_nanos: i64,
}

/// How a kernel was started.
#[derive(Debug, Clone)]
pub struct Started {
    /// As the trace tells.
    pub event: Arc<KernelStarted>,
    /// The same as JSON: what paths lead into.
    pub known: Arc<Json>,
}

impl Started {
    pub(super) fn new(event: KernelStarted) -> Self {
        let known = serde_json::to_value(&event).map(Json::from).unwrap_or(Json::Null);
        Self { event: Arc::new(event), known: Arc::new(known) }
    }
}

impl Kernel {
    /// Whether the kernel lists this among its supported features.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        let features = self.info.as_ref().and_then(|info| info.get("supported_features")?.as_array());
        features.is_some_and(|features| features.iter().any(|feature| feature.as_str() == Some(name)))
    }

    /// Whether it is known that nobody listens on the port of a channel.
    #[must_use]
    pub fn is_unbound(&self, channel: Channel) -> bool {
        self.listening.as_ref().is_some_and(|listening| !listening.addresses.contains_key(&channel))
    }

    /// Seconds that `seconds` of the protocol's texts come to here. They are meant for a machine with time to spare; on one so busy
    /// that a question about the kernel takes long, everything does.
    #[must_use]
    pub fn allow(&self, seconds: f64) -> f64 {
        let round_trip = self.calibrated.as_ref().map_or(0, |calibrated| calibrated.round_trip);
        seconds.max(ROUND_TRIPS * (round_trip as f64 / 1e9))
    }

    /// The same for the end of the process: as long as it took to start, and twice the time at most. Who starts many programs at once, or
    /// has a slow disk, waits for their ends as well.
    #[must_use]
    pub fn allow_end(&self, seconds: f64) -> f64 {
        let startup = self.calibrated.as_ref().map_or(0, |calibrated| calibrated.startup);
        self.allow(seconds.max((startup as f64 / 1e9).min(2.0 * seconds)))
    }

    /// Major and minor number of the protocol version that it claims in `kernel_info_reply`.
    #[must_use]
    pub fn claims(&self) -> Option<(u32, u32)> {
        version(self.info.as_ref()?.get("protocol_version")?.as_str()?)
    }

    /// Whether it claims at least this version.
    #[must_use]
    pub fn claims_at_least(&self, wanted: (u32, u32)) -> bool {
        self.claims().is_some_and(|claimed| claimed >= wanted)
    }
}

/// Major and minor number of a version text, `5` being `5.0`.
#[must_use]
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    let major = parts.next()?.ok()?;
    let minor = parts.next().unwrap_or(Ok(0)).ok()?;
    Some((major, minor))
}
