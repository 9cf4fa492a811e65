#!/bin/sh
# Builds the release of the provider for one target: the archive that registries and mirrors serve, the manifest, the
# checksums, the bill of materials, and the indexes of a mirror. Two builds of the same commit with the same toolchain
# are identical, byte for byte, at any time and in any folder.
#
# Usage: packaging/build.sh [--target TRIPLE] [--profile NAME] [--tools] [--out FOLDER]
#        packaging/build.sh --gather [--out FOLDER]
#
# `packaging/build.sh --help` describes the options. It needs Rust with the target (rustup target add TRIPLE), a C compiler
# for it, and git.

set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
exec cargo run --quiet --locked --manifest-path "$project/Cargo.toml" --package packaging -- "$@"
