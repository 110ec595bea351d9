# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
bring_up() {
  if [ "$port" = 0 ]; then
    port=$(port_of vault0)
    same_port="--socket-addr vault0=$host:$port"
  fi
  ask "/up?port=$port"
  if [ "$status" = 202 ]; then
    copy=$answer
    if ! copy_database "$copy"; then
      rm -f "$copy.partial" "$copy.partial-wal"
      fail "The database could not be copied to $copy before its upgrade. Nothing was changed. Free some space in $data."
      return 1
    fi
    ask "/up?port=$port&copied"
  fi
  if [ "$status" != 200 ]; then
    hear_out
    if [ -e "$run/busy" ]; then fail "$in_use"; else fail "$answer"; fi
    return 1
  fi
  printf '%s %s' "$control" "$control_token" >"$objects/standalone.lock/port"
  if [ -n "$marker" ]; then printf '%s' "$marker_text" >"$marker.partial" && mv "$marker.partial" "$marker"; fi
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
  raise_file_limit
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
  config=$(cat "$run/run.capnp") restarting='' same_port=''
  watch_space
  start
  rm -f "$run/plan" "$run/setup.log"
  unset new_keys
  bring_up
  printf '%s\n\n' "$answer"
  keep_up
}

self=$(readlink -f -- "$(command -v -- "$0")")
case ${1:-} in
  '') serve ;;
  health)
    if [ -n "${KEYSTORE_DATA:-}" ]; then objects=$KEYSTORE_DATA/v3/d1; else prepare; fi
    # The file has no line end, so read reports its end.
    read -r control control_token 2>/dev/null <"$objects/standalone.lock/port" || :
    [ -n "${control_token:-}" ] || refuse 'No vault is running in this data folder.'
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
