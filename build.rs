//! Compiles `proto/` with protox, which is pure Rust: no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = ["tfplugin6.proto", "plugin.proto", "health.proto"];
    let descriptors = protox::compile(files, ["proto"])?;
    // `transport` would bring tonic's own server and client, which the plugin does not use: it
    // serves hyper connections of its own, so that it decides about sockets, TLS and the end.
    tonic_prost_build::configure()
        .build_transport(false)
        // What may hold a secret has a `Debug` of our own (src/plugin/proto.rs).
        .skip_debug([".tfplugin6.DynamicValue", ".tfplugin6.RawState"])
        .compile_fds(descriptors)?;
    Ok(())
}
