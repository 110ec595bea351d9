# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- The run folder: private, in memory where possible. Secrets are in it only until the runtime has read them.

make_run_folder() {
  for base in /dev/shm "${TMPDIR:-/tmp}" .; do
    sweep "$base"
    run=$base/keystore-run.$$.$(head -c 9 /dev/urandom | base64 | tr '+/' '-_')
    mkdir -m 700 "$run" 2>/dev/null && break
  done
  [ -d "$run" ] || refuse 'No folder for temporary files could be made. Name one with TMPDIR.'
  run=$(cd "$run" && pwd)
}

# Removes the folders of launchers that were killed together with all their processes.
sweep() {
  for old in "$1"/keystore-run.[0-9]*.????????????; do
    if [ ! -d "$old" ] || [ ! -O "$old" ]; then continue; fi
    owner=${old##*/keystore-run.}
    # A runtime that still lives has a leash, which is about to end it.
    is_alive "${owner%%.*}" || is_alive "$(cat "$old/pid" 2>/dev/null)" || rm -rf "$old"
  done
}

is_alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# Starts a process that ends the runtime and removes the run folder when this script ends in any way: the pipe that only this
# script writes to closes then. It starts before any secret is written.
start_leash() {
  mkfifo "$run/alive"
  exec 8<>"$run/alive"
  leash <"$run/alive" &
}

leash() {
  # Closed here and not by a redirection of the call: a shell keeps a copy of a descriptor that it closes for a call.
  exec 8>&- 9>&-
  trap '' TERM INT HUP
  read -r _
  discard
}

# Ends what still runs, and removes the run folder.
discard() {
  end_hasher
  if [ -f "$run/pid" ]; then kill -KILL "$(cat "$run/pid")" 2>/dev/null; fi
  rm -rf "$run"
}

# Lets the runtime have as many open files as this user may, up to more than it uses: it ends when it cannot accept a connection.
# shellcheck disable=SC3045 # Every shell in use knows -H and -S.
raise_file_limit() {
  most=$(ulimit -H -n)
  if [ "$most" = unlimited ] || [ "$most" -gt 65536 ]; then most=65536; fi
  if [ "$(ulimit -S -n)" != unlimited ] && [ "$(ulimit -S -n)" -lt "$most" ]; then ulimit -S -n "$most" 2>/dev/null; fi
}

# Runs workerd in place of this (sub)shell. The leash knows the process before it runs.
run_workerd() {
  # shellcheck disable=SC2016
  exec sh -c 'echo $$ >"$1" && shift && exec "$@"' keystore "$run/pid" "$runtime/workerd" "$@"
}
