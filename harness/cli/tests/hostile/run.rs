//! What a run came to, and what it left on the disk.

use serde_json::Value;

use crate::bench::Bench;

/// The end of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) seconds: f64,
    /// Of the program itself, without its kernels.
    pub(crate) peak_mib: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// What a test that fails is to tell.
    #[expect(clippy::print_stdout, reason = "the test runner shows it where the test fails")]
    pub(crate) fn show(&self) {
        let Self { code, seconds, peak_mib, stdout, stderr } = self;
        println!("exit code {code:?}, {seconds:.1} s, {peak_mib} MiB\n{stderr}{stdout}");
    }

    /// Asserts what every run has to keep: bounds of memory (MiB) and time (seconds).
    #[track_caller]
    pub(crate) fn keeps_within(&self, mib: u64, seconds: f64) -> &Self {
        assert!(self.peak_mib <= mib, "{} MiB at its peak", self.peak_mib);
        assert!(self.seconds <= seconds, "{} s", self.seconds);
        self
    }
}

/// A finding as far as it does not depend on where and when it was found: rule, verdict, kind, and kind of lockup.
pub(crate) type Found = (String, String, String, String);

/// What a run wrote.
pub(crate) struct Results(Value);

impl Results {
    /// Reads `results.json`, and asserts that the trace beside it is readable and judged again gives the same.
    #[track_caller]
    pub(crate) fn of(bench: &Bench, select: &str) -> Self {
        let results = Self(serde_json::from_str(&bench.read("out/results.json")).expect("JSON"));
        let again = Self::judged(bench, select);
        assert_eq!(results.essence(), again.essence());
        results
    }

    /// What the trace gives when it is judged.
    #[track_caller]
    pub(crate) fn judged(bench: &Bench, select: &str) -> Self {
        let judged = bench.call(&["judge", "out/trace.jsonl", "--select", select, "--format", "json"]);
        Self(serde_json::from_str(&judged.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", judged.stdout, judged.stderr)))
    }

    /// The findings without what names their place.
    fn essence(&self) -> Vec<(Found, String, u64)> {
        let findings = self.0["findings"].as_array().expect("findings").iter();
        let essence = findings.map(|finding| {
            let title = finding["title"].as_str().expect("a title").to_owned();
            (found(finding), title, finding["count"].as_u64().expect("a count"))
        });
        essence.collect()
    }

    pub(crate) fn exit_code(&self) -> u64 {
        self.0["exit_code"].as_u64().expect("an exit code")
    }

    /// Asserts that there is such a finding, whose title holds the text.
    #[track_caller]
    pub(crate) fn finds(&self, rule: &str, kind: &str, title: &str) -> &Self {
        let essence = self.essence();
        let is = |(found, told, _): &(Found, String, u64)| found.0 == rule && found.2 == kind && told.contains(title);
        assert!(essence.iter().any(is), "no {kind} of {rule} with {title:?} among {essence:#?}");
        self
    }

    /// Asserts that there is a lockup of this kind.
    #[track_caller]
    pub(crate) fn finds_lockup(&self, kind: &str) -> &Self {
        let essence = self.essence();
        assert!(essence.iter().any(|(found, ..)| found.3 == kind), "no {kind} among {essence:#?}");
        self
    }

    /// Asserts that these rules are all that have findings.
    #[track_caller]
    pub(crate) fn finds_only(&self, rules: &[&str]) -> &Self {
        let mut found: Vec<String> = self.essence().into_iter().map(|(found, ..)| found.0).collect();
        found.sort();
        found.dedup();
        assert_eq!(found, rules, "{:#?}", self.essence());
        self
    }

    /// The texts of troubles that are not the kernel's.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let troubles = self.0["troubles"].as_array().expect("troubles").iter();
        troubles.map(|trouble| trouble["text"].as_str().expect("a text").to_owned()).collect()
    }
}

fn found(finding: &Value) -> Found {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    (text("rule"), text("verdict"), text("kind"), text("lockup"))
}
