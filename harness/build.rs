//! Builds again when a file comes to or leaves `specs/`, which is embedded.

fn main() {
    println!("cargo::rerun-if-changed=../specs");
}
