//! How long is waited, by what this kernel on this machine was seen to need.
//!
//! A deadline is no verdict: it only says when to look closer. So it is generous, and what has to be paid for in waiting is
//! rare: a request that is answered in half is asked after (a *fence*), not waited for.

use std::time::Duration;

use crate::trace::OPTIONAL_PART;

/// The shortest time after which a reply counts as missed, on a machine of any speed.
const REPLY_AT_LEAST: Duration = Duration::from_secs(5);
/// The longest.
const REPLY_AT_MOST: Duration = Duration::from_secs(30);
/// How many round trips of `kernel_info_request` a reply may take: code is slower than a question about the kernel.
const REPLY_ROUND_TRIPS: u32 = 100;
/// A kernel that works, on the CPU or by writing output, gets so many deadlines before it counts as stuck all the same: many
/// while it executes code, fewer where nothing was asked that should be much work.
const PATIENCE: u32 = 12;
const PATIENCE_WITHOUT_CODE: u32 = 3;
/// The shortest time after which a process that promised to end counts as stuck.
const EXIT_AT_LEAST: Duration = Duration::from_secs(12);
/// How many round trips after the first half of an answer the other half is asked after.
const HALF_ROUND_TRIPS: u32 = 20;
const HALF_AT_LEAST: Duration = Duration::from_millis(50);
const HALF_AT_MOST: Duration = Duration::from_secs(2);
/// How long a kernel may take to its first reply, as managers grant it.
const STARTUP: Duration = Duration::from_secs(60);
/// How many times as long as usual a start is waited for, and for how long at least.
const STARTUPS: u32 = 8;
const STARTUP_AT_LEAST: Duration = Duration::from_secs(6);

/// The deadlines of one kernel process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deadlines {
    scale: f64,
    round_trip: Duration,
}

impl Deadlines {
    /// Before anything was measured. `scale` multiplies every deadline.
    pub fn uncalibrated(scale: f64) -> Self {
        Self { scale, round_trip: Duration::from_millis(50) }
    }

    /// With the median of `round_trips` as the measure; at least one.
    #[must_use]
    pub fn calibrated(self, round_trips: &mut [Duration]) -> Self {
        round_trips.sort_unstable();
        match round_trips.get(round_trips.len() / 2) {
            Some(&round_trip) => Self { round_trip, ..self },
            None => self,
        }
    }

    /// All of them multiplied once more.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { scale: self.scale * factor, ..self }
    }

    /// Median round trip of `kernel_info_request`.
    pub fn round_trip(self) -> Duration {
        self.round_trip
    }

    /// From the spawn to the first reply.
    pub fn startup(self) -> Duration {
        STARTUP.mul_f64(self.scale)
    }

    /// The same where this kernel was seen to start in its `usual` time, and what is odd about this start makes no more work.
    pub fn startup_like(self, usual: Duration) -> Duration {
        (usual * STARTUPS).clamp(STARTUP_AT_LEAST, STARTUP).mul_f64(self.scale)
    }

    /// From a request, or the last sign of work on it, to its reply.
    pub fn reply(self) -> Duration {
        (self.round_trip * REPLY_ROUND_TRIPS).clamp(REPLY_AT_LEAST, REPLY_AT_MOST).mul_f64(self.scale)
    }

    /// From an accepted shutdown to the end of the process: what holds some kernels up for ten seconds is late, and no lockup.
    pub fn exit(self) -> Duration {
        self.reply().max(EXIT_AT_LEAST.mul_f64(self.scale))
    }

    /// From the questions of the probe ladder to their answers: they come on top of a deadline that was missed.
    pub fn probes(self) -> Duration {
        self.reply() / 2
    }

    /// From a request to its reply while the kernel is seen to work.
    pub fn patience(self, executes: bool) -> Duration {
        self.reply() * if executes { PATIENCE } else { PATIENCE_WITHOUT_CODE }
    }

    /// From one half of an answer (reply, idle) to the question after the other; and from that question's answer to the end of waiting.
    pub fn half(self) -> Duration {
        (self.round_trip * HALF_ROUND_TRIPS).clamp(HALF_AT_LEAST, HALF_AT_MOST).mul_f64(self.scale)
    }

    /// For an answer that need not come at all, on a channel where no later question tells that it will not.
    pub fn optional(self) -> Duration {
        self.reply() / OPTIONAL_PART
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_kernel_gets_longer_deadlines_and_none_gets_short_ones() {
        let base = Deadlines::uncalibrated(1.0);
        let ms = Duration::from_millis;
        let at = |round_trip: u64| base.calibrated(&mut [ms(round_trip)]);
        assert_eq!([at(0).reply(), at(1).reply(), at(100).reply(), at(10_000).reply()], [ms(5000), ms(5000), ms(10_000), ms(30_000)]);
        assert_eq!([at(0).half(), at(5).half(), at(10_000).half()], [ms(50), ms(100), ms(2000)]);
        assert_eq!(base.calibrated(&mut [ms(9), ms(1), ms(5)]).round_trip(), ms(5));
        assert_eq!(Deadlines::uncalibrated(3.0).startup(), ms(180_000));
    }
}
