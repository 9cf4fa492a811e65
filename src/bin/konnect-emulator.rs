//! The emulator.
fn main() {}
