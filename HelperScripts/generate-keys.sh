#!/usr/bin/env bash
# Makes the keys of a new vault: a file .env (mode 0600) with SECRET_KEY and ENCRYPTION_KEY, in the project's folder.
#
#   generate-keys.sh
#
# It never overwrites a file, because new keys cannot read what old keys sealed. KEYSTORE_ENV names another file.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

no_options "$@"

# The same text as core/settings/new-keys.ts, for hosts with Docker alone, without Node.js. A test compares the two.
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }

if [ -e "$env_file" ] || [ -L "$env_file" ]; then
  die "$env_file exists already and was not changed. To make new keys, move it away first."
fi
secret_key=$(random 48)
encryption_key=$(random 32 | tr '+/' '-_')
if [ ${#secret_key} -ne 64 ] || [ ${#encryption_key} -ne 44 ]; then
  die '/dev/urandom gave too few random bytes. Nothing was written.'
fi

owner=
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" != 0 ] && [ "$(id -u)" != 1000 ]; then
  owner="# docker compose runs the vault as this user, who can read this file.
KEYSTORE_UID=$(id -u)
KEYSTORE_GID=$(id -g)
"
fi
# With noclobber, a file that another process makes at this moment is not overwritten either.
set -o noclobber
printf '%s' "# The keys of this vault. Keep a copy apart from the data: without ENCRYPTION_KEY the vault cannot be read.
SECRET_KEY=$secret_key
ENCRYPTION_KEY=$encryption_key
$owner" >"$env_file"
say "Wrote $env_file (mode 0600). Keep a copy of it apart from the data."
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; then
  chown 1000:1000 -- "$env_file"
  say 'It belongs to user 1000, because the container runs as that user and never as root.'
fi
say 'Next: HelperScripts/build-and-run.sh, or: docker compose up -d'
