//! Files of each kind, loaded: the whole value of what is written in them.

mod message_type;
mod rule;
mod scenario;

use harness::spec::Spec;

fn load(files: &[(&str, &str)]) -> Spec {
    let dir = tempfile::tempdir().expect("a directory for the files");
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("files stand in folders")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the file can be written");
    }
    let root = dir.path().display().to_string();
    let mut spec = Spec::load(dir.path()).expect("the files have no mistake");
    let relative = |file: &mut String| *file = file.replace(&root, "specs");
    spec.scenarios.iter_mut().for_each(|scenario| relative(&mut scenario.file));
    for rule in &mut spec.rules {
        relative(&mut rule.file);
        rule.checks.iter_mut().for_each(|check| relative(&mut check.file));
    }
    spec
}
