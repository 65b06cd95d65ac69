//! `kernelcheck selftest`: what is as it must be, and what is not.

use super::Bench;

#[test]
fn a_defect_that_nothing_notices_fails() {
    let bench = Bench::new();
    // By the small spec nothing is completed, so that nothing can notice this defect.
    let called = bench.call_by_small_spec(&["selftest", "--quiet", "reference", "never-idle-on-complete"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{}", called.stdout);
    insta::assert_snapshot!(called.stdout);
}

#[test]
fn the_reference_kernel_gives_no_finding() {
    let bench = Bench::new();
    let called = bench.call_by_small_spec(&["selftest", "reference", "--out", "kept"]);
    assert_eq!(called.code, Some(0), "{}", called.stdout);
    assert!(called.stderr.starts_with("kernelcheck: 1/1 reference "), "{}", called.stderr);
    assert!(bench.read("kept/reference/trace.jsonl").contains("status/info"));
}

#[test]
fn an_unknown_defect_is_told_with_the_nearest() {
    let called = Bench::new().call_by_small_spec(&["selftest", "never-idle-on-complet"]);
    assert_eq!(called.code, Some(2));
    assert_eq!(
        called.stderr,
        "kernelcheck: no defect or variant is called `never-idle-on-complet` (did you mean `never-idle-on-complete`?)\n"
    );
}
