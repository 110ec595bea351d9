# shellcheck shell=bash
# What the helper scripts share: where things are, talking, and running things in the container or here. Sourced, not run.
#
# Settings, each with the default that v0.6 had:
#   KEYSTORE_ENV        the file with the keys           (.env in the project's folder)
#   KEYSTORE_BACKUPS    the folder for backups           (backups in the project's folder)
#   KEYSTORE_PORT       the port on this machine         (5000; 127.0.0.1:5000 keeps it to this machine)
#   KEYSTORE_CONTAINER  KEYSTORE_VOLUME  KEYSTORE_IMAGE  (api-keystore, keystore_data, keystore)
#   KEYSTORE_DATA       the data folder without Docker   (data in the project's folder)
#   RUNTIME             what a container runs the vault on: wrangler or standalone
#                                                        (that of the container that is there, else wrangler)

# What is set here and used in the scripts looks unused to shellcheck.
# shellcheck disable=SC2034

umask 077
# Git Bash on Windows would turn /app/data into a path of Windows.
export MSYS_NO_PATHCONV=1

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

# Relative paths are the caller's, so they are resolved before we go to the project's folder.
called_from=$PWD
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root" || exit

runtime=${RUNTIME:-}
case $runtime in
  '' | wrangler | standalone) ;;
  *) die "RUNTIME is \"$runtime\". Set it to wrangler or standalone, or leave it out." ;;
esac
container=${KEYSTORE_CONTAINER:-api-keystore}
volume=${KEYSTORE_VOLUME:-keystore_data}
image=${KEYSTORE_IMAGE:-keystore}
published=${KEYSTORE_PORT:-5000}
# As compose takes it, with the port in the container: 8080:5000. But 127.0.0.1:5000 is an address and a port.
if [[ $published =~ ^(.*:)?[0-9]+:5000$ ]]; then published=${published%:5000}; fi
# Enough to move a large v0.6 database in. A container that fails is noticed before.
start_seconds=180

# The absolute form of a path that the caller gave, with a leading "-" made harmless.
absolute() {
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$called_from" "$1" ;;
  esac
}

# Prints the comment at the top of the script that is running, which is its manual.
show_help() {
  awk 'NR > 1 { if ($0 !~ /^#/) exit; sub(/^# ?/, ""); print }' "$(absolute "$0")"
}

# For a script that takes none.
no_options() {
  case ${1:-} in
    '') ;;
    -h | --help)
      show_help
      exit 0
      ;;
    *) die "Unknown option: $1. See --help." ;;
  esac
}

env_file=$(absolute "${KEYSTORE_ENV:-$root/.env}")
backups=$(absolute "${KEYSTORE_BACKUPS:-$root/backups}")

# confirm QUESTION: asks at the terminal; --yes answers for scripts.
assume_yes=false
confirm() {
  if $assume_yes; then return 0; fi
  if [ ! -t 0 ]; then die "$1 Nobody is there to ask: pass --yes if this is meant. Nothing was changed."; fi
  local answer
  printf '%s [y/N] ' "$1" >&2
  read -r answer || answer=
  case $answer in
    [yY] | [yY][eE][sS]) return 0 ;;
    *) die 'Nothing was changed.' ;;
  esac
}

# shellcheck source=HelperScripts/lib-docker.sh
. "$root/HelperScripts/lib-docker.sh"

# --- Docker or not --------------------------------------------------------------------------------------------------

# Whether the vault lives in Docker or in the data folder of `npm start`: "docker" or "local".
mode=
local_data=$(absolute "${KEYSTORE_DATA:-$root/data}")

find_mode() {
  if [ -n "$mode" ]; then
    if [ "$mode" = docker ]; then need_docker; fi
    return
  fi
  local here=false there=false
  if [ -e "$local_data/vault.json" ] || [ -e "$local_data/v3" ]; then here=true; fi
  if has_docker && { has_container || has_volume; }; then there=true; fi
  if $here && $there; then
    die "There is a vault in Docker ($volume) and one without it ($local_data). Say which: --docker or --local."
  fi
  if $there; then
    mode=docker
    adopt_container
    if has_container && ! is_ours; then
      die "The container $container is not of this version. HelperScripts/stop-and-rebuild.sh replaces it and brings its data over."
    fi
    return
  fi
  if $here; then
    mode=local
    return
  fi
  # Neither is there yet. A runtime is chosen for a container.
  if [ -z "$runtime" ] && [ -d node_modules ] && ! { has_docker && has_image; }; then
    mode=local
  else
    need_docker
    mode=docker
  fi
}

# box FILE [ARGUMENT...]: runs one of our programs beside the data: in a container of its own, or with the local Node.js.
box() {
  local program=$1
  shift
  if [ "$mode" = local ]; then
    local node=node_modules/.bin/node
    [ -x "$node" ] || node=node
    KEYSTORE_ENV=$env_file KEYSTORE_DATA=$local_data "$node" "box/commands/$program" "$@"
    return
  fi
  local user mounts=()
  user=$(container_user)
  if [ -f "$env_file" ]; then
    mounts=(--mount "type=bind,src=$(host_path "$env_file"),dst=/run/secrets/keystore_env,readonly")
  fi
  # No log driver: what is written to standard output may be a backup or a key, and Docker would keep it.
  docker run --rm -i "${hardened[@]}" --user "$user" --network none --log-driver none \
    -v "$volume:/app/data" ${mounts[@]+"${mounts[@]}"} "$(image_of_programs)" "box/commands/$program" "$@"
}

# Puts the env file of a restore in place where the vault's programs cannot: on the host, for a container.
swap_env() {
  local partial=$env_file.partial before='' status=0
  rm -f -- "$partial"
  box restore.ts env </dev/null | {
    # The name under which what was there before is kept comes first.
    read -r before || true
    printf '%s\n' "$before" >"$partial.name"
    cat >"$partial"
  } || status=$?
  before=$(cat -- "$partial.name")
  rm -f -- "$partial.name"
  if [ $status -eq 3 ]; then
    rm -f -- "$partial"
    return 0
  fi
  if [ $status -ne 0 ]; then
    rm -f -- "$partial"
    die 'Whether a restore is under way could not be found out: see above.'
  fi
  if cmp -s -- "$partial" "$env_file"; then
    rm -f -- "$partial"
    return 0
  fi
  if [ -e "$env_file" ]; then
    [ -e "$env_file.$before" ] || cp -p -- "$env_file" "$env_file.$before" || {
      rm -f -- "$partial"
      die "A copy of $env_file could not be made, and it was left as it is. Then run HelperScripts/restore-data.sh --finish."
    }
    say "The env file that was there before is kept as $env_file.$before."
    # The container's user stays its owner.
    if [ "$(id -u)" = 0 ]; then chown --reference="$env_file" -- "$partial"; fi
  fi
  chmod 600 -- "$partial"
  mv -f -- "$partial" "$env_file"
}

# What box/commands/start.ts does before the runtime starts, done beside the data for a container that has no Node.js to do it.
prepare_data() {
  if [ "$(runtime_in_use)" != standalone ]; then return 0; fi
  local status=0
  box prepare.ts </dev/null || status=$?
  if [ $status -eq 3 ]; then
    swap_env || return
    status=0
    box prepare.ts </dev/null || status=$?
  fi
  return $status
}
