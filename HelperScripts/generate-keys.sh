#!/usr/bin/env bash
# Makes the keys of a new vault: a file .env (mode 0600) with SECRET_KEY and ENCRYPTION_KEY, in the project's folder.
#
#   generate-keys.sh
#
# It never overwrites: new keys could not read what old ones sealed. KEYSTORE_ENV names another file.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

no_options "$@"

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }

if [ -e "$env_file" ] || [ -L "$env_file" ]; then
  die "$env_file exists already and was left as it is. To begin with new keys, move it away first."
fi
secret_key=$(random 48)
encryption_key=$(random 32 | tr '+/' '-_')
if [ ${#secret_key} -ne 64 ] || [ ${#encryption_key} -ne 44 ]; then
  die 'This machine gave no random bytes. Nothing was written.'
fi

owner=
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" != 0 ] && [ "$(id -u)" != 1000 ]; then
  owner="# docker compose runs the vault as this user, who can read this file.
KEYSTORE_UID=$(id -u)
KEYSTORE_GID=$(id -g)
"
fi
# With noclobber, a file that somebody else makes at this moment is not overwritten either.
set -o noclobber
printf '%s' "# The keys of this vault. Keep a copy apart from the data: without ENCRYPTION_KEY nobody can read it again.
SECRET_KEY=$secret_key
ENCRYPTION_KEY=$encryption_key
$owner" >"$env_file"
say "Wrote $env_file (mode 0600). Keep a copy of it apart from the data."
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; then
  chown 1000:1000 -- "$env_file"
  say 'It belongs to user 1000, as whom the container runs: that is never root.'
fi
say 'Next: HelperScripts/build-and-run.sh, or: docker compose up -d'
