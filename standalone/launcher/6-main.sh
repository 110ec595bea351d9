# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
bring_up() {
  tell up
  case $up in
    *'"upgrade":"'*)
      copy_before_upgrade
      tell upgrade
      ;;
  esac
  healthy=$(ask "$control" /serve)
  case $healthy in
    'HTTP/1.'?' 200'*) ;;
    *) fail "The vault is not healthy: $(printf '%s\n' "$healthy" | tail -n 1)" ;;
  esac
  printf '%s' "$control" >"$data/v3/d1/standalone.lock/port"
  if [ -z "$known" ]; then
    printf '{"format":1,"created":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >"$marker.partial" && mv "$marker.partial" "$marker"
  fi
}

# Has the runtime do something, and keeps its answer in $up; ends if that is a refusal.
tell() {
  up=$(ask "$control" "/$1" | tr -d '\r')
  case $up in
    'HTTP/1.'?' 200'*) ;;
    *)
      hear_out
      [ ! -e "$run/busy" ] || fail 'The data folder is in use by another process (npm start). Stop that first, or set KEYSTORE_DATA to another folder.'
      fail "$(printf '%s\n' "$up" | tail -n 1)"
      ;;
  esac
}

# Ends a start that went wrong, or that somebody stopped.
fail() {
  kill -KILL "$pid" 2>/dev/null
  [ -z "${stopping:-}" ] || exit 0
  refuse "$1"
}

welcome() {
  scheme=http
  [ -z "$tls_cert" ] || scheme=https
  printf '\nKeystore is up: %s://localhost:%s\n' "$scheme" "$port"
  case $up in
    *'"isNew":true'*)
      if [ -n "$has_password" ]; then echo 'Sign in as admin with the password that ADMIN_PASSWORD sets.'
      else echo 'Sign in as admin / admin123 or user / user123, and change both passwords.'; fi ;;
    *) echo 'Sign in with your account.' ;;
  esac
  case $(addresses) in
    127.*) echo 'Only this machine can reach it; HOST=0.0.0.0 opens it to your network.' ;;
    *) [ -n "$tls_cert" ] || echo "Whoever reaches $host can reach it, unencrypted: put TLS in front, or set TLS_CERT and TLS_KEY, and change default passwords first." ;;
  esac
  printf 'Ctrl-C stops it.\n\n'
}

# shellcheck disable=SC2317 # The trap calls it.
end() {
  [ -z "$run" ] || discard
  [ -z "$fresh" ] || rm -rf "$fresh"
}

serve() {
  run='' fresh=''
  trap 'end' EXIT
  trap 'exit 0' TERM INT HUP
  read_settings
  check_data
  ensure_keys
  find_runtime
  make_run_folder
  start_leash
  write_config
  lookup ADMIN_PASSWORD
  has_password=${value:+yes}
  # shellcheck disable=SC2086
  unset $variables
  start
  rm -f "$run"/[A-Z]* "$run"/tls.* "$run/run.capnp"
  bring_up
  welcome
  await_end
  [ -n "${stopping:-}" ] || refuse 'The runtime has ended by itself.'
  exit 0
}

self=$(readlink -f -- "$(command -v -- "$0")")
case ${1:-} in
  '') serve ;;
  health)
    read_settings
    control=$(cat "$data/v3/d1/standalone.lock/port" 2>/dev/null) || refuse 'No vault runs in this data folder.'
    case $(ask "$control" /health) in 'HTTP/1.'?' 200'*) exit 0 ;; *) refuse 'The vault is not healthy.' ;; esac
    ;;
  unpack)
    if [ $# -ne 2 ] || [ -z "$parts" ]; then refuse 'Say where to: keystore unpack DIR'; fi
    { mkdir -p "$2" && unpack "$2"; } 2>/dev/null || refuse "$2 could not be written."
    sed "s/^parts=.*/parts=/; /^exit # parts follow/q" "$self" >"$2/keystore" && chmod 755 "$2/keystore"
    ;;
  -h | --help | help) usage ;;
  *) usage >&2 && exit 2 ;;
esac
exit # parts follow
