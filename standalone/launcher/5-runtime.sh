# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- A GET to a loopback port, with bash, curl or perl. Prints status, head and body.

ask() {
  if command -v bash >/dev/null 2>&1; then
    bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3 && cat <&3' - "$1" "$2" 2>/dev/null
  elif command -v curl >/dev/null 2>&1; then
    curl -s -i -m 600 "http://127.0.0.1:$1$2"
  else
    perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1; print $s "GET $ARGV[1] HTTP/1.0\r\nHost: localhost\r\n\r\n"; print <$s>' "$1" "$2"
  fi
}

# --- Running.

# Starts what ends the runtime and removes the run folder when this script is gone, in whatever way: nobody writes to the
# pipe then, and it closes. It is there before any secret is written.
start_leash() {
  mkfifo "$run/alive"
  exec 8<>"$run/alive"
  leash <"$run/alive" &
}

leash() {
  # Not as a redirection of the call: a shell keeps what that closes, to bring it back.
  exec 8>&- 9>&-
  trap '' TERM INT HUP
  read -r _
  discard
}

# Ends the runtime if it still lives, and removes the run folder.
discard() {
  if [ -f "$run/pid" ]; then kill -KILL "$(cat "$run/pid")" 2>/dev/null; fi
  rm -rf "$run"
}

start() {
  : >"$run/listening"
  mkfifo "$run/said"
  exec 7<>"$run/said"
  relay "$run/said" >&2 &
  relay=$!
  # The leash knows the process before it runs.
  # shellcheck disable=SC2016
  sh -c 'echo $$ >"$1/pid" && shift && exec "$@"' keystore "$run" \
    "$runtime/workerd" serve -I "$runtime" --directory-path "disk=$data/v3/d1" --control-fd=3 "$run/run.capnp" \
    3>"$run/listening" 2>&7 7>&- 8>&- &
  pid=$!
  trap 'stop' TERM INT HUP
  exec 7>&-
  until [ "$(grep -c '"event":"listen"' "$run/listening")" -ge "$sockets" ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      hear_out
      [ ! -e "$run/taken" ] || refuse "Port $port is taken. Stop what uses it, or choose another: PORT=$((port + 1)) ./keystore"
      fail 'The runtime did not start; the lines above say why.'
    fi
    sleep 0.02
  done
  control=$(port_of control)
  case $port in 0) port=$(port_of "$(addresses)") ;; esac
}

# Passes on what the runtime says on its standard error. It goes on when nobody listens, and until the runtime has ended:
# if nobody read what that says, it would wait for somebody for ever.
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

# Ends the runtime, and waits until all that it has said was passed on.
hear_out() {
  kill -KILL "$pid" 2>/dev/null
  wait "$relay"
}

port_of() { sed -n "s/.*\"socket\":\"$1\",\"port\":\\([0-9]*\\).*/\\1/p" "$run/listening"; }

# shellcheck disable=SC2317 # The trap calls it.
stop() {
  [ -n "${stopping:-}" ] || echo 'Stopping.'
  stopping=yes
  kill -TERM "$pid" 2>/dev/null
}

# Waits for the end of the runtime. Once it was told to stop, requests under way may end for 3 s.
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
  # Nobody may take the number for the runtime's from now on, or its port for the vault's.
  rm -f "$run/pid" "$data/v3/d1/standalone.lock/port"
}
