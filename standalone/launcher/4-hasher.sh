# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- The process that hashes passwords. It starts when the vault asks for it, and ends when it has had nothing to do for a while,
# since it takes 40 MB. The vault does without it if it does not come up.

# The path of its socket, in the private folder; empty if the path is too long for one.
find_hasher_socket() {
  hasher_socket=$run/hasher/socket
  [ "$(printf '%s' "$hasher_socket" | wc -c)" -le 100 ] || hasher_socket=
}

# Starts it, unless it runs. The folder is the lock: the next wish may come before it listens.
start_hasher() {
  if [ -z "$hasher_socket" ] || ! mkdir "$run/hasher" 2>/dev/null; then return; fi
  run_hasher </dev/null >/dev/null 2>&1 &
}

run_hasher() {
  # With util-linux, the kernel ends it when this shell ends.
  with_parent=
  ! setpriv --pdeathsig KILL true 2>/dev/null || with_parent='setpriv --pdeathsig KILL'
  # shellcheck disable=SC2016,SC2086
  nice -n 5 $with_parent sh -c 'echo $$ >"$1/pid" && exec "$2/workerd" serve "--socket-addr=hasher=unix:$1/socket" "$2/hasher.capnp"' \
    keystore "$run/hasher" "$runtime" &
  hasher=$!
  rests=0 used=
  while [ "$rests" -lt 5 ] && kill -0 "$hasher" 2>/dev/null && [ -d "$run" ]; do
    sleep 2
    now=$(processor_time "$hasher")
    if [ "$now" = "$used" ]; then rests=$((rests + 1)); else rests=0; fi
    used=$now
  done
  kill -KILL "$hasher" 2>/dev/null
  wait "$hasher"
  rm -rf "$run/hasher"
}

# What a process has computed so far. Less than a tenth of a second is the runtime's own housekeeping.
processor_time() {
  # shellcheck disable=SC2046
  set -- $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
  echo $(((${12:-0} + ${13:-0}) / 10))
}

end_hasher() {
  if [ -f "$run/hasher/pid" ]; then kill -KILL "$(cat "$run/hasher/pid")" 2>/dev/null; fi
}
