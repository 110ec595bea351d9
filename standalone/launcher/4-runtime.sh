# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- The vault's process.

# Starts the runtime and waits until it listens. The config is kept in the memory of this script, for the next start.
start() {
  rm -f "$run/said" "$run/taken" "$run/busy"
  : >"$run/listening"
  mkfifo "$run/said"
  exec 7<>"$run/said"
  relay "$run/said" >&2 &
  relay=$!
  (
    exec 3>"$run/listening" 2>&7 7>&- 8>&-
    # shellcheck disable=SC2086
    run_workerd serve -I "$runtime" --directory-path "disk=$objects" "--external-addr=hasher=unix:${hasher_socket:-/nowhere}" \
      --control-fd=3 $same_port "$run/run.capnp"
  ) &
  pid=$!
  trap 'stop' TERM INT HUP
  exec 7>&-
  until [ "$(grep -c '"event":"listen"' "$run/listening")" -ge "$sockets" ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      hear_out
      if [ -e "$run/taken" ]; then fail "$port_taken"; else fail 'The runtime did not start; the lines above say why.'; fi
      return 1
    fi
    sleep 0.02
  done
  rm -f "$run/run.capnp"
  control=$(port_of control)
}

# Passes on the error output of the runtime. It goes on when the reader of our own error output is gone, and until the
# runtime has ended: a full pipe would block the runtime.
relay() {
  trap '' PIPE TERM INT HUP
  exec <"$1" 7>&- 8>&- 9>&-
  while IFS= read -r line; do
    case $line in
      *'ddress already in use'*) : >"$run/taken" ;;
      *SQLITE_BUSY*) : >"$run/busy" ;;
      'keystore: start the hasher') start_hasher ;;
      stack:*) ;;
      # The options for V8 make it compile the runtime's own scripts, which takes some milliseconds.
      *'bootstrap compile cache failed'*) ;;
      # The process that hashes does not listen yet; the worker asks again.
      *rust/worker/ffi.rs*'No such file or directory'*) ;;
      *) printf 'worker: %s\n' "$line" ;;
    esac
  done
}

# Ends the runtime, and waits until all of its output was passed on.
hear_out() {
  kill -KILL "$pid" 2>/dev/null
  wait "$relay"
}

port_of() { sed -n "s/.*\"socket\":\"$1\",\"port\":\\([0-9]*\\).*/\\1/p" "$run/listening"; }

# GET of a path on the control socket, with bash, curl or perl: leaves the status in $status and the body in $answer. In the
# shell, because the runtime runs no code before it is asked. The token goes through a pipe: arguments are public.
ask() {
  if command -v bash >/dev/null 2>&1; then
    answer=$(say_token | bash -c 'read -r token && exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n%s\r\n\r\n" "$2" "$token" >&3 && cat <&3' - "$control" "$1" 2>/dev/null)
  elif command -v curl >/dev/null 2>&1; then
    answer=$(say_token | curl -s -i -m 600 -H @- "http://127.0.0.1:$control$1")
  else
    answer=$(say_token | perl -MIO::Socket::INET -e 'chomp($t = <STDIN>); $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1; print $s "GET $ARGV[1] HTTP/1.0\r\nHost: localhost\r\n$t\r\n\r\n"; print <$s>' "$control" "$1")
  fi
  status=$(printf '%.12s' "$answer" | cut -d ' ' -f 2)
  answer=$(printf '%s\n' "$answer" | tr -d '\r' | sed '1,/^$/d')
}

say_token() { printf 'Authorization: Bearer %s\n' "$control_token"; }

# shellcheck disable=SC2317 # The trap calls it.
stop() {
  [ -n "${stopping:-}" ] || echo 'Stopping.'
  stopping=yes
  [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
}

# Waits until the runtime ends. After a stop, requests in progress have 3 s.
await_end() {
  patience=30
  while kill -0 "$pid" 2>/dev/null; do
    if [ -z "${stopping:-}" ]; then
      wait "$pid"
    else
      [ "$patience" -gt 0 ] || kill -KILL "$pid" 2>/dev/null
      patience=$((patience - 1))
      sleep 0.1
    fi
  done
  # Another process may get this id or this port from now on.
  pid=
  rm -f "$run/pid" "$objects/standalone.lock/port"
}

# Ends a start that failed, or that was told to stop. Returns only from a restart, which is tried again.
fail() {
  kill -KILL "$pid" 2>/dev/null
  [ -z "${stopping:-}" ] || exit 0
  [ -n "$restarting" ] || refuse "$1"
  printf '%s\n' "$1" >&2
}

# Starts the runtime again whenever it ends: at once, then with pauses that double up to 15 s. It gives up after 20 times of
# which none lasted a minute: whoever runs this script (systemd, Docker) may start it again.
keep_up() {
  restarts=0 restarting=yes
  while :; do
    started=$(date +%s)
    await_end
    [ -z "${stopping:-}" ] || exit 0
    [ $(($(date +%s) - started)) -lt 60 ] || restarts=0
    [ "$restarts" -lt 20 ] || refuse 'The runtime has ended unexpectedly too often; the lines above say why.'
    pause=$((restarts < 2 ? 0 : restarts < 6 ? 1 << (restarts - 2) : 15))
    restarts=$((restarts + 1))
    echo "The runtime has ended unexpectedly. Starting it again in $pause s." >&2
    sleep "$pause" &
    wait $!
    [ -z "${stopping:-}" ] || { kill $! 2>/dev/null && exit 0; }
    start_again || continue
    echo 'The vault is up again.'
  done
}

# By now the vault has been up: a missing database is a loss, and its records are sealed. A port that the system chose stays the same.
start_again() {
  printf '%s\n' "$config" | sed 's/(name = "KNOWN_VAULT", text = "")/(name = "KNOWN_VAULT", text = "yes")/; s/(name = "REQUIRE_SEALS", text = "")/(name = "REQUIRE_SEALS", text = "true")/' >"$run/run.capnp"
  start && bring_up
}
