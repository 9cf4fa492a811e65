//! The plugin binary.

use std::process::ExitCode;

use terraform_provider_konnect::KonnectProvider;

/// Wipes whatever is freed. Secrets have types that wipe themselves, but a value also passes through buffers of other
/// libraries: of gRPC, HTTP, TLS and JSON. The C code of the TLS library wipes what it frees.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    terraform_plugin::run(KonnectProvider)
}
