#!/bin/sh
# Makes what a release of the provider consists of, for one target: the archive that the registries and
# mirrors serve, the manifest, the checksums, and the indexes of a mirror. Two builds of one commit with
# one toolchain are the same, byte for byte, whenever and in whatever folder they are made.
#
# Usage: packaging/build.sh [--target TRIPLE] [--profile NAME] [--out FOLDER]
#        packaging/build.sh --gather [--out FOLDER]
#
# `packaging/build.sh --help` tells what the options do. It needs Rust with the target (rustup target add
# TRIPLE), a C compiler for it, and git.

set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
exec cargo run --quiet --locked --manifest-path "$project/Cargo.toml" --package packaging -- "$@"
