#!/bin/sh
# Signs the checksums of a release as the registries require: FILE.sig, a binary detached signature, for each FILE.
#
# Usage: GPG_PRIVATE_KEY=... GPG_PASSPHRASE=... packaging/sign.sh FILE...
#
# GPG_PRIVATE_KEY is an armored RSA key; GPG_PASSPHRASE can be empty. The script needs GnuPG. It imports the key into a
# key ring in a temporary folder, and removes the folder at the end.

set -eu

[ $# -ge 1 ] || {
  printf 'packaging/sign.sh: no file to sign\n' >&2
  exit 2
}
for file in "$@"; do
  [ -f "$file" ] || {
    printf 'packaging/sign.sh: file not found: %s\n' "$file" >&2
    exit 2
  }
done
: "${GPG_PRIVATE_KEY:?is not set}" "${GPG_PASSPHRASE?is not set}"

GNUPGHOME=$(mktemp -d "${TMPDIR:-/tmp}/konnect-sign.XXXXXX")
export GNUPGHOME
clean_up() {
  # The agent does not end when its folder is removed.
  gpgconf --kill all || :
  rm -rf -- "$GNUPGHOME"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

printf '%s\n' "$GPG_PRIVATE_KEY" | gpg --batch --quiet --import
for file in "$@"; do
  printf '%s\n' "$GPG_PASSPHRASE" | gpg --batch --yes --quiet --pinentry-mode loopback --passphrase-fd 0 \
    --output "$file.sig" --detach-sign "$file"
  gpg --batch --quiet --verify "$file.sig" "$file"
done
