#!/bin/sh
# Keystore as one file: this script, and behind it the runtime (workerd) with everything it runs. Needs a glibc Linux and a
# POSIX shell. `npm run build:standalone` makes it: the script out of the files of standalone/launcher/, one after the other.
set -u
umask 077

usage() {
  cat <<'EOF'
Usage: keystore            Runs the vault until Ctrl-C or SIGTERM.
       keystore health     Ends with 0 if the vault of this data folder answers that it is healthy.
       keystore unpack DIR Writes the parts into a new folder; DIR/keystore then starts without unpacking.

It reads .env in the current folder (KEYSTORE_ENV names another file) and the environment, which goes first:
SECRET_KEY, ENCRYPTION_KEY, RETIRED_ENCRYPTION_KEYS, ADMIN_PASSWORD, JWT_EXPIRY_HOURS, CORS_ORIGINS, or the same with _FILE
for a file that holds the value; KEYSTORE_DATA (data), PORT (5000), HOST (localhost), TRUSTED_PROXIES, TLS_CERT and TLS_KEY
(PEM files), KEYSTORE_CACHE (where the runtime is unpacked).
EOF
}

refuse() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

# --- The parts behind this script, as name:first byte:size. Filled in by the build; empty where they lie beside it.
parts='@PARTS@'
build='@BUILD@'
# What the worker is told, and whose X-Forwarded-For is believed.
variables='@WORKER_VARIABLES@ TRUSTED_PROXIES'

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

# Finds or makes the folder with the parts. Only what this user owns is trusted to be run.
find_runtime() {
  runtime=$(dirname "$self")
  if [ -z "$parts" ]; then return; fi
  lookup KEYSTORE_CACHE
  for base in "$value" "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" "$data"; do
    [ -n "$base" ] || continue
    runtime=$base/keystore-runtime-$build
    ! is_runtime "$runtime" || return 0
    mkdir -p "$base" 2>/dev/null || continue
    fresh=$runtime.$$
    if mkdir "$fresh" 2>/dev/null && unpack "$fresh" 2>/dev/null && "$fresh/workerd" --version >/dev/null 2>&1; then
      # Another start may have been quicker: what is whole stays, since somebody may be about to read it.
      mv -T "$fresh" "$runtime" 2>/dev/null || is_runtime "$runtime" || { rm -rf "$runtime" && mv -T "$fresh" "$runtime"; } 2>/dev/null
    fi
    rm -rf "$fresh"
    fresh=
    if is_runtime "$runtime"; then
      # Those of versions that nobody has unpacked lately.
      find "$base" -maxdepth 1 -name 'keystore-runtime-*' -mtime +30 -exec rm -rf {} + 2>/dev/null
      return 0
    fi
  done
  refuse "The runtime could not be unpacked: it needs 160 MB in a folder of this user's where programs may run. Name one with KEYSTORE_CACHE."
}
