# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
bring_up() {
  [ "$port" != 0 ] || port=$(port_of vault0)
  ask "/up?port=$port"
  if [ "$status" = 202 ]; then
    copy=$answer
    if ! copy_database "$copy"; then
      rm -f "$copy.partial" "$copy.partial-wal"
      fail "The database could not be copied to $copy before its upgrade. Nothing was changed. Free some space in $data."
    fi
    ask "/up?port=$port&copied"
  fi
  if [ "$status" != 200 ]; then
    hear_out
    [ ! -e "$run/busy" ] || fail "$in_use"
    fail "$answer"
  fi
  printf '%s' "$control" >"$objects/standalone.lock/port"
  if [ -n "$marker" ]; then printf '%s' "$marker_text" >"$marker.partial" && mv "$marker.partial" "$marker"; fi
  printf '%s\n\n' "$answer"
}

# shellcheck disable=SC2317 # The trap calls it.
end() {
  [ -z "${space_watch:-}" ] || kill "$space_watch" 2>/dev/null
  [ -z "$run" ] || discard
  [ -z "$fresh" ] || rm -rf "$fresh"
}

prepare() {
  run='' fresh=''
  trap 'end' EXIT
  trap 'exit 0' TERM INT HUP
  find_runtime
  make_run_folder
  start_leash
  setup
}

serve() {
  prepare
  # shellcheck disable=SC2086
  unset $variables
  take_folder
  write_keys
  watch_space
  start
  rm -f "$run/plan" "$run/run.capnp" "$run/setup.log"
  unset new_keys
  bring_up
  await_end
  [ -n "${stopping:-}" ] || refuse 'The runtime has ended unexpectedly.'
  exit 0
}

self=$(readlink -f -- "$(command -v -- "$0")")
case ${1:-} in
  '') serve ;;
  health)
    if [ -n "${KEYSTORE_DATA:-}" ]; then objects=$KEYSTORE_DATA/v3/d1; else prepare; fi
    control=$(cat "$objects/standalone.lock/port" 2>/dev/null) || refuse 'No vault is running in this data folder.'
    ask /health
    [ "$status" = 200 ] || refuse 'The vault is not healthy.'
    ;;
  unpack)
    if [ $# -ne 2 ] || [ -z "$parts" ]; then refuse 'Name a folder: keystore unpack DIR'; fi
    { mkdir -p "$2" && unpack "$2"; } 2>/dev/null || refuse "$2 could not be written."
    sed "s/^parts=.*/parts=/; /^exit # parts follow/q" "$self" >"$2/keystore" && chmod 755 "$2/keystore"
    ;;
  -h | --help | help) usage ;;
  *) usage >&2 && exit 2 ;;
esac
exit # parts follow
