#!/bin/sh
# Signs the checksums of a release, as the registries want it: FILE.sig, a binary detached signature.
#
# Usage: GPG_PRIVATE_KEY=... GPG_PASSPHRASE=... packaging/sign.sh FILE
#
# GPG_PRIVATE_KEY is an armored RSA key; GPG_PASSPHRASE may be empty. It needs GnuPG. The key gets into no key
# ring but one of its own, which goes at the end.

set -eu

[ $# -eq 1 ] && [ -f "$1" ] || {
  printf 'packaging/sign.sh: name one file to sign\n' >&2
  exit 2
}
: "${GPG_PRIVATE_KEY:?is not set}" "${GPG_PASSPHRASE?is not set}"

GNUPGHOME=$(mktemp -d "${TMPDIR:-/tmp}/konnect-sign.XXXXXX")
export GNUPGHOME
clean_up() {
  # It would outlive the folder that it works in.
  gpgconf --kill all || :
  rm -rf -- "$GNUPGHOME"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

printf '%s\n' "$GPG_PRIVATE_KEY" | gpg --batch --quiet --import
printf '%s\n' "$GPG_PASSPHRASE" | gpg --batch --yes --quiet --pinentry-mode loopback --passphrase-fd 0 \
  --output "$1.sig" --detach-sign "$1"
gpg --batch --quiet --verify "$1.sig" "$1"
