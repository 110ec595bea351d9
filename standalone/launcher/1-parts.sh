#!/bin/sh
# Keystore as one file: this script, and behind it the runtime (workerd) with everything that it runs. Needs a glibc Linux and
# a POSIX shell. `npm run build:standalone` makes it; the script is made of the files in standalone/launcher/, in their order.
#
# The script does only what the runtime cannot: unpack it, lock the folder, start and end processes, relay their output.
# Settings, checks, keys and messages are TypeScript: setup.ts here, and core/, which `npm start` uses as well.
set -u
umask 077

usage() {
  cat <<'EOF'
Usage: keystore            Runs the vault until Ctrl-C or SIGTERM.
       keystore health     Exits with 0 if the vault of this data folder is healthy.
       keystore reset-admin [NAME] [--yes]
                           Sets a new password for an admin (default: admin) who cannot sign in, while the vault is stopped:
                           ends all sessions and clears the throttles. Asks for it, or reads standard input. With --yes also
                           for an account that something other than the vault has changed.
       keystore unpack DIR Writes the parts into a new folder. DIR/keystore then starts without unpacking.

The command line for users (ls, get, set, run, ...) is another program: a running vault serves it at /cli/keystore.mjs.

Settings come from the environment, or else from .env in the current folder: SECRET_KEY, ENCRYPTION_KEY,
RETIRED_ENCRYPTION_KEYS, ADMIN_PASSWORD, JWT_EXPIRY_HOURS, CORS_ORIGINS, KEYSTORE_DATA (data), PORT (5000), HOST (localhost),
BASE_PATH (none), TRUSTED_PROXIES, TLS_CERT and TLS_KEY (PEM files), MAX_REQUESTS_PER_MINUTE, MAX_KEYS_PER_USER,
MAX_MEGABYTES_PER_USER, KEEP_VERSIONS, TRASH_DAYS, MIN_FREE_MEGABYTES, METRICS_TOKEN, LOG_STDOUT,
LOG_RETENTION_DAYS (never), AUDIT_PIN_FILE, REQUIRE_SEALS (added by the first start). With _FILE appended, each names a file that holds the value.
From the environment only: KEYSTORE_ENV (another file in place of .env), KEYSTORE_CACHE (where the runtime is unpacked).
EOF
}

refuse() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

# --- The parts behind this script, as name:first byte:size. The build fills them in. Empty if the parts are files beside it.
parts='@PARTS@'
build='@BUILD@'
# Settings that the runtime must not have in its environment.
variables='@WORKER_VARIABLES@'

# Writes the parts into a folder; fails unless all are whole.
unpack() {
  for part in $parts; do
    size=${part##*:} offset=${part%:*}
    name=${offset%%:*} offset=${offset#*:}
    tail -c "+$offset" "$self" | head -c "$size" >"$1/$name" || return 1
    [ "$(wc -c <"$1/$name")" -eq "$size" ] || return 1
  done
  chmod 755 "$1/workerd"
}

is_runtime() { [ -x "$1/workerd" ] && [ -O "$1" ] && [ -O "$1/workerd" ]; }

# Finds or makes the folder with the parts. Only files of this user are run. KEYSTORE_CACHE comes from the environment only,
# because the reader of the env file is one of the parts.
find_runtime() {
  runtime=$(dirname "$self")
  if [ -z "$parts" ]; then return; fi
  for base in "${KEYSTORE_CACHE:-}" "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" "${KEYSTORE_DATA:-data}"; do
    [ -n "$base" ] || continue
    runtime=$base/keystore-runtime-$build
    ! is_runtime "$runtime" || return 0
    mkdir -p "$base" 2>/dev/null || continue
    fresh=$runtime.$$
    if mkdir "$fresh" 2>/dev/null && unpack "$fresh" 2>/dev/null && "$fresh/workerd" --version >/dev/null 2>&1; then
      # Another start may have been faster. A whole folder stays, because that start may be about to read it.
      mv -T "$fresh" "$runtime" 2>/dev/null || is_runtime "$runtime" || { rm -rf "$runtime" && mv -T "$fresh" "$runtime"; } 2>/dev/null
    fi
    rm -rf "$fresh"
    fresh=
    if is_runtime "$runtime"; then
      # Runtimes of versions that were not unpacked lately.
      find "$base" -maxdepth 1 -name 'keystore-runtime-*' -mtime +30 -exec rm -rf {} + 2>/dev/null
      return 0
    fi
  done
  refuse 'The runtime could not be unpacked. It needs 160 MB in a folder of this user from which programs may run. Name one with KEYSTORE_CACHE.'
}
