# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
bring_up() {
  if [ "$port" = 0 ] && [ -n "$host" ]; then
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
  find_hasher_socket
  start_leash
  if [ -n "${1:-}" ]; then read_password "$1"; fi
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
  remember_seals
  printf '%s\n\n' "$answer"
  keep_up
}

# reset_admin NAME: brings the vault up without the network, for as long as the new password takes.
reset_admin() {
  prepare "$1"
  if [ -n "$marker" ]; then refuse "There is no vault in $data yet. Start it first: keystore"; fi
  # shellcheck disable=SC2086
  unset $variables
  take_folder
  restarting='' same_port=''
  start
  rm -f "$run/plan" "$run/setup.log" "$run/new-password"
  bring_up
  ask /reset-admin
  # The account is not what the vault has sealed.
  if [ "$status" = 409 ] && is_meant; then ask '/reset-admin?meant'; fi
  said=$answer done=$status
  kill -TERM "$pid" 2>/dev/null
  stopping=yes
  await_end
  [ "$done" = 200 ] || refuse "$said"
  printf '%s\n' "$said"
}

# Whether the operator says so: by --yes, or at the terminal.
is_meant() {
  [ -z "$yes" ] || return 0
  [ -t 0 ] || return 1
  printf '%s\nIs it the account that you mean? [y/N] ' "$answer" >&2
  IFS= read -r reply || reply=
  case $reply in [yY] | [yY][eE][sS]) ;; *) return 1 ;; esac
}

# Writes the name $1 and a new password for the setup to find, as two lines. Asks at the terminal, or reads standard input.
read_password() {
  if [ -t 0 ]; then
    settings=$(stty -g)
    trap 'stty "$settings"; exit 130' INT TERM HUP
    stty -echo
    printf 'New password for %s: ' "$1" >&2
    IFS= read -r password
    printf '\nThe same again: ' >&2
    IFS= read -r again
    stty "$settings"
    trap 'exit 0' TERM INT HUP
    printf '\n' >&2
    [ "$password" = "$again" ] || refuse 'The two passwords differ. Nothing was changed.'
  else
    IFS= read -r password || [ -n "$password" ] || refuse 'Standard input has no password. Nothing was changed.'
  fi
  printf '%s\n%s' "$1" "$password" >"$run/new-password"
  unset password again
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
  reset-admin)
    yes=''
    if [ "${2:-}" = --yes ]; then yes=yes && shift; elif [ "${3:-}" = --yes ]; then yes=yes; fi
    reset_admin "${2:-admin}"
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
