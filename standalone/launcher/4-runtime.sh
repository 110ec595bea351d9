# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- The vault's process.

start() {
  : >"$run/listening"
  mkfifo "$run/said"
  exec 7<>"$run/said"
  relay "$run/said" >&2 &
  relay=$!
  (
    exec 3>"$run/listening" 2>&7 7>&- 8>&-
    run_workerd serve -I "$runtime" --directory-path "disk=$objects" --control-fd=3 "$run/run.capnp"
  ) &
  pid=$!
  trap 'stop' TERM INT HUP
  exec 7>&-
  until [ "$(grep -c '"event":"listen"' "$run/listening")" -ge "$sockets" ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      hear_out
      [ ! -e "$run/taken" ] || fail "$port_taken"
      fail 'The runtime did not start; the lines above say why.'
    fi
    sleep 0.02
  done
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
      stack:*) ;;
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
# shell, because the runtime runs no code before it is asked.
ask() {
  if command -v bash >/dev/null 2>&1; then
    answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3 && cat <&3' - "$control" "$1" 2>/dev/null)
  elif command -v curl >/dev/null 2>&1; then
    answer=$(curl -s -i -m 600 "http://127.0.0.1:$control$1")
  else
    answer=$(perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1; print $s "GET $ARGV[1] HTTP/1.0\r\nHost: localhost\r\n\r\n"; print <$s>' "$control" "$1")
  fi
  status=$(printf '%.12s' "$answer" | cut -d ' ' -f 2)
  answer=$(printf '%s\n' "$answer" | tr -d '\r' | sed '1,/^$/d')
}

# shellcheck disable=SC2317 # The trap calls it.
stop() {
  [ -n "${stopping:-}" ] || echo 'Stopping.'
  stopping=yes
  kill -TERM "$pid" 2>/dev/null
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
  rm -f "$run/pid" "$objects/standalone.lock/port"
}

# Ends a start that failed, or that was told to stop.
fail() {
  kill -KILL "$pid" 2>/dev/null
  [ -z "${stopping:-}" ] || exit 0
  refuse "$1"
}
