//! A minimal Rust program that prints a line: the lower bound of the start-up figures.

fn main() {
    println!("a line");
}
