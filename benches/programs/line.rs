//! The least that a Rust program can be whose host waits for a line: the floor of the start-up figures.

fn main() {
    println!("a line");
}
