//! The spec that is built in is right, and is the one in `specs/`.

use std::path::Path;

use harness::spec::{Spec, SpecErrors};

fn specs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs"))
}

#[test]
fn the_files_below_specs_have_no_mistake() {
    if let Err(SpecErrors(mistakes)) = Spec::load(specs()) {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{} mistakes:\n{}", lines.len(), lines.join("\n"));
    }
}

#[test]
fn the_embedded_spec_is_that_of_the_files() {
    let root = specs().display().to_string();
    let mut loaded = Spec::load(specs()).expect("the spec has no mistake");
    // Only the names of the files differ: here they are absolute.
    let relative = |file: &mut String| *file = file.replacen(&root, "specs", 1);
    for rule in &mut loaded.rules {
        relative(&mut rule.file);
        rule.checks.iter_mut().for_each(|check| relative(&mut check.file));
    }
    loaded.scenarios.iter_mut().for_each(|scenario| relative(&mut scenario.file));
    assert!(Spec::embedded() == loaded, "the binary holds other files than specs/: build it again");
}
