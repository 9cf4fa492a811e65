//! The plugin binary.

use std::process::ExitCode;

use terraform_provider_konnect::KonnectProvider;

/// Zeroes freed memory. Secrets have types that zero themselves, but values also pass through buffers of other
/// libraries: gRPC, HTTP, TLS and JSON. The C code of the TLS library zeroes its own memory.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    terraform_plugin::run(KonnectProvider)
}
