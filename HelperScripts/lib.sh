# shellcheck shell=bash
# Shared by the helper scripts: paths and settings, messages, options, and running the vault's programs. Sourced, not run.
#
# Settings, with the defaults of v0.6:
#   KEYSTORE_ENV        the file with the keys           (.env in the project's folder)
#   KEYSTORE_BACKUPS    the folder for backups           (backups in the project's folder)
#   KEYSTORE_PORT       the port on this machine         (5000; 127.0.0.1:5000 accepts connections from this machine only)
#   KEYSTORE_CONTAINER  KEYSTORE_VOLUME  KEYSTORE_IMAGE  (api-keystore, keystore_data, keystore)
#   KEYSTORE_DATA       the data folder without Docker   (data in the project's folder)
#   RUNTIME             the runtime of a container: wrangler or standalone
#                                                        (that of the existing container, else wrangler)

# The scripts that source this use the variables.
# shellcheck disable=SC2034

umask 077
# Otherwise Git Bash on Windows rewrites /app/data to a Windows path.
export MSYS_NO_PATHCONV=1

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

# Relative paths of the caller are resolved against this folder.
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
# Compose accepts 8080:5000, which includes the container's port; 127.0.0.1:5000 is an address and a port.
if [[ $published =~ ^(.*:)?[0-9]+:5000$ ]]; then published=${published%:5000}; fi
# Enough to move in a large v0.6 database. A container that fails is reported earlier.
start_seconds=180

# absolute PATH: resolves a path of the caller. The result never begins with "-".
absolute() {
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$called_from" "$1" ;;
  esac
}

# Prints the comment at the top of the running script: its help text.
show_help() {
  awk 'NR > 1 { if ($0 !~ /^#/) exit; sub(/^# ?/, ""); print }' "$(absolute "$0")"
}

# last_option OPTION: shows the help text, or rejects an option that the script does not have.
last_option() {
  case $1 in
    -h | --help)
      show_help
      exit 0
      ;;
    *) die "Unknown option: $1. See --help." ;;
  esac
}

# common_option OPTION: an option of several scripts.
common_option() {
  case $1 in
    --docker | --local) mode=${1#--} ;;
    --yes) assume_yes=true ;;
    *) last_option "$1" ;;
  esac
}

# For a script without options.
no_options() { if [ $# -gt 0 ]; then last_option "$1"; fi; }

env_file=$(absolute "${KEYSTORE_ENV:-$root/.env}")
backups=$(absolute "${KEYSTORE_BACKUPS:-$root/backups}")

# Prints the backups, newest first. The time at which a file was written orders them: the times in names may be those of a
# time zone, or of a clock that was wrong. backup-data.sh takes care that a new backup is the newest. Other files are left out.
list_backups() {
  local file
  for file in "$backups"/keystore_backup_*.db; do
    if [ -f "$file" ] && [ ! -L "$file" ] && is_backup_name "${file##*/}"; then
      printf '%s %s\n' "$(written_at "$file")" "${file##*/}"
    fi
  done | LC_ALL=C sort -k1,1nr -k2r | while read -r _ file; do printf '%s/%s\n' "$backups" "$file"; done
}

# Versions up to 1.0.0 named backups by local time, without Z.
is_backup_name() { [[ $1 =~ ^keystore_backup_[0-9]{8}(_[0-9]{6}|T[0-9]{6}Z(_[0-9]+)?)\.db$ ]]; }

# written_at FILE: when it was last written, in seconds since 1970, with a fraction where the system has one.
written_at() { stat -c %.9Y -- "$1" 2>/dev/null || stat -c %Y -- "$1" 2>/dev/null || stat -f %Fm -- "$1"; }

# flush FILE: waits until a file, or the entries of a folder, are on the disk.
flush() { sync -- "$1" 2>/dev/null || sync; }

# env_of_backup FILE: the env file beside a backup; prints FILE if it does not have the name of a backup.
env_of_backup() {
  local name=${1##*/}
  case $name in
    keystore_backup_*.db)
      name=${name#keystore_backup_}
      printf '%s/.env_backup_%s.txt' "${1%/*}" "${name%.db}"
      ;;
    *) printf '%s' "$1" ;;
  esac
}

# confirm QUESTION: asks at the terminal, unless --yes was given.
assume_yes=false
confirm() {
  if $assume_yes; then return 0; fi
  if [ ! -t 0 ]; then die "$1 There is no terminal to ask at: pass --yes to confirm. Nothing was changed."; fi
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

# --- Docker or local ------------------------------------------------------------------------------------------------

# Where the vault is: "docker", or "local" for the data folder of `npm start`.
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
    die "There are two vaults: one in Docker (volume $volume) and one in $local_data. Choose one with --docker or --local."
  fi
  if $there; then
    mode=docker
    adopt_container
    if has_container && ! is_ours; then
      die "The container $container was not made by this version. Replace it, and keep its data, with HelperScripts/stop-and-rebuild.sh"
    fi
    return
  fi
  if $here; then
    mode=local
    return
  fi
  # There is no vault yet. RUNTIME means a container.
  if [ -z "$runtime" ] && [ -d node_modules ] && ! { has_docker && has_image; }; then
    mode=local
  else
    need_docker
    mode=docker
  fi
}

# box FILE [ARGUMENT...]: runs one of box/commands on the data: in a container of its own, or with the local Node.js.
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
  user=$(container_user) || return
  if [ -f "$env_file" ]; then mounts=("${mount_env[@]}"); fi
  # In a subshell, which alone has the keys that share_container exports. Without a log driver: standard output may be a backup
  # or a key, which Docker would store.
  (
    share_container
    docker run --rm -i "${hardened[@]}" --user "$user" --network none --log-driver none \
      -v "$volume:/app/data" ${mounts[@]+"${mounts[@]}"} ${shared[@]+"${shared[@]}"} \
      "$(image_of_programs)" "box/commands/$program" "$@"
  )
}

# field NAME: prints a value of the JSON object in $answer. Its values are words and numbers: there is nothing to unescape.
field() {
  local rest=${answer#*\""$1"\":}
  if [ "$rest" = "$answer" ]; then return 0; fi
  rest=${rest%%[,\}]*}
  rest=${rest#\"}
  printf '%s' "${rest%\"}"
}

# Replaces the env file as restore.ts asks in $answer. In a container the vault's programs cannot write it. Like
# replaceDurably in box/data/durable.ts: a link stays and its file is replaced; owner and mode stay.
write_env() {
  local target partial
  target=$(readlink -f -- "$env_file" 2>/dev/null) || target=$env_file
  partial=$target.partial
  box restore.ts env </dev/null >"$partial" && chmod 600 "$partial" && keep_env "$partial" \
    && flush "$partial" && mv -f -- "$partial" "$target" && flush "$(dirname -- "$target")" && return
  rm -f -- "$partial"
  return 1
}

# keep_env NEW: keeps a copy of the env file, if there is one, and gives NEW its owner and mode.
keep_env() {
  local owner mode_before
  if [ ! -e "$env_file" ]; then return 0; fi
  # keptEnv in box/restore/restore-journal.ts has the same name.
  kept_env=$env_file.$(field before)
  if [ ! -e "$kept_env" ]; then
    cp -p -- "$env_file" "$kept_env.partial" && flush "$kept_env.partial" && mv -- "$kept_env.partial" "$kept_env" || return
  fi
  say "The previous env file is kept as $kept_env."
  owner=$(stat -L -c %u:%g -- "$env_file" 2>/dev/null || stat -L -f %u:%g -- "$env_file") || return
  mode_before=$(stat -L -c %a -- "$env_file" 2>/dev/null || stat -L -f %Lp -- "$env_file") || return
  if chown "$owner" "$1" 2>/dev/null || chown ":${owner#*:}" "$1" 2>/dev/null; then
    chmod "$mode_before" "$1"
  else
    # The container's user must remain the owner.
    [ "$(id -u)" != 0 ]
  fi
}

# Notes in the env file, once, that the records of the vault are sealed, as a start does where it can write the file: see
# core/settings/require-seals.ts. For a vault that is healthy. That it cannot be written is no failure.
remember_seals() {
  if [ ! -f "$env_file" ] || grep -Eq '^[[:blank:]]*(export[[:blank:]]+)?REQUIRE_SEALS(_FILE)?[[:blank:]]*=' -- "$env_file"; then return 0; fi
  if {
    printf '\n# The records of this vault are sealed: it never takes others for its own. See docs/CONFIGURATION.md.\n'
    printf 'REQUIRE_SEALS=true\n'
  } 2>/dev/null >>"$env_file"; then
    flush "$env_file"
    say "Added REQUIRE_SEALS=true to $env_file: from now on this vault only takes records that it has sealed."
  else
    warn "Add REQUIRE_SEALS=true to $env_file: then this vault only takes records that it has sealed."
  fi
}

# Prepares the data as box/commands/start.ts does before the runtime starts, for a container without Node.js.
prepare_data() {
  if [ "$(runtime_in_use)" != standalone ]; then return 0; fi
  local status=0
  box prepare.ts </dev/null || status=$?
  # A restore was interrupted before its env file was in place.
  if [ $status -eq 3 ]; then
    answer=$(box restore.ts next interrupted </dev/null) && write_env && box prepare.ts </dev/null
    return
  fi
  return $status
}
