# shellcheck shell=bash
# What the helper scripts share: where things are, talking, and running things in the container or here. Sourced, not run.
#
# Settings, each with the default that v0.6 had:
#   KEYSTORE_ENV        the file with the keys           (.env in the project's folder)
#   KEYSTORE_BACKUPS    the folder for backups           (backups in the project's folder)
#   KEYSTORE_PORT       the port on this machine         (5000; 127.0.0.1:5000 keeps it to this machine)
#   KEYSTORE_CONTAINER  KEYSTORE_VOLUME  KEYSTORE_IMAGE  (api-keystore, keystore_data, keystore)
#   KEYSTORE_DATA       the data folder without Docker   (data in the project's folder)

# What is set here and used in the scripts looks unused to shellcheck.
# shellcheck disable=SC2034

umask 077
# Git Bash on Windows would turn /app/data into a path of Windows.
export MSYS_NO_PATHCONV=1

# Relative paths are the caller's, so they are resolved before we go to the project's folder.
called_from=$PWD
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root" || exit

container=${KEYSTORE_CONTAINER:-api-keystore}
volume=${KEYSTORE_VOLUME:-keystore_data}
image=${KEYSTORE_IMAGE:-keystore}
published=${KEYSTORE_PORT:-5000}
published=${published%:5000}
# Enough to move a large v0.6 database in. A container that fails is noticed before.
start_seconds=180

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

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

# --- Docker ---------------------------------------------------------------------------------------------------------

need_docker() {
  command -v docker >/dev/null || die 'Docker is not installed. Install it, or run the vault without it: npm start'
  docker info >/dev/null 2>&1 || die 'Docker does not answer. Start it (Docker Desktop, or: sudo systemctl start docker), or join the group docker.'
  adopt_volume
}

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }
has_container() { docker container inspect "$container" >/dev/null 2>&1; }
has_volume() { docker volume inspect "$volume" >/dev/null 2>&1; }
has_image() { docker image inspect "$image" >/dev/null 2>&1; }
is_running() { [ "$(docker container inspect -f '{{.State.Running}}' "$container" 2>/dev/null)" = true ]; }

# A container that is there says which volume has the data: one of v0.6's compose files was named after its folder.
adopt_volume() {
  local mounted
  if [ -n "${KEYSTORE_VOLUME:-}" ] || ! has_container; then return 0; fi
  mounted=$(docker container inspect -f '{{range .Mounts}}{{if eq .Destination "/app/data"}}{{.Name}}{{end}}{{end}}' "$container")
  if [ -z "$mounted" ] || [ "$mounted" = "$volume" ]; then return 0; fi
  volume=$mounted
  warn "The data is in the volume $volume. To use it from now on: export KEYSTORE_VOLUME=$volume"
}

# Whether the container is one of ours, and not one that v0.6 made under the same name.
is_ours() {
  [ "$(docker container inspect -f '{{index .Config.Labels "org.opencontainers.image.title"}}' "$container" 2>/dev/null)" = Keystore ]
}

# The folder of the compose project that made the container; empty if a script made it.
compose_folder() {
  docker container inspect -f '{{index .Config.Labels "com.docker.compose.project.working_dir"}}' "$container" 2>/dev/null
}

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose "$@"
  else
    docker-compose "$@"
  fi
}

# The container runs as whoever owns the env file, so that mode 0600 is enough for it to be read; never as root.
# Only Linux shows the owner to the container; Docker Desktop makes any user the owner.
container_user() {
  local owner=1000 group=1000
  if [ "$(uname -s)" = Linux ] && [ -e "$env_file" ]; then
    owner=$(stat -c %u -- "$env_file")
    group=$(stat -c %g -- "$env_file")
    if [ "$owner" = 0 ]; then
      # Whoever is root here is not root there. The file becomes that of the image's user, who alone may read it.
      chown 1000:1000 -- "$env_file" || die "$env_file belongs to root. Make it the container's: sudo chown 1000:1000 $env_file"
      owner=1000
      group=1000
    fi
  fi
  printf '%s:%s' "$owner" "$group"
}

# How every container of ours is run: not as root, nothing writable but the volume and a tmpfs, no capabilities.
# shellcheck disable=SC2054
hardened=(
  --read-only
  --cap-drop ALL
  --security-opt no-new-privileges
  --tmpfs /tmp:rw,noexec,nosuid,nodev,size=256m,mode=1777
  --pids-limit 256
)

build_image() {
  local log
  log=$(mktemp)
  say "Building the image $image. The first time takes some minutes."
  if ! docker build -t "$image" . >"$log" 2>&1; then
    tail -n 40 -- "$log" >&2
    rm -f -- "$log"
    die 'The image was not built: see above. What ran before still runs.'
  fi
  rm -f -- "$log"
  # The classic builder keeps each build's first stage, 1.6 GB. That of today makes the next build fast.
  docker image prune -f --filter label=keystore.stage=build --filter until=24h >/dev/null 2>&1 || true
}

# A volume from v0.6, or from another user, may hold files that are not ours to read.
prepare_volume() {
  local user
  user=$(container_user)
  docker volume create "$volume" >/dev/null
  docker run --rm --read-only --network none --log-driver none --user 0:0 \
    --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --security-opt no-new-privileges \
    -v "$volume:/app/data" --entrypoint sh "$image" -c \
    'find /app/data \( ! -user "${1%:*}" -o ! -group "${1#*:}" \) -exec chown -h "$1" {} +' sh "$user" \
    || die "The volume $volume cannot be made ready. Nothing was changed in it."
}

start_container() {
  local user
  user=$(container_user) || return
  docker run -d --name "$container" "${hardened[@]}" --user "$user" \
    --restart unless-stopped --memory 2g \
    -v "$volume:/app/data" \
    --mount "type=bind,src=$(host_path "$env_file"),dst=/run/secrets/keystore_env,readonly" \
    -p "$published:5000" "$image" >/dev/null
}

# Docker for Windows wants C:/... where Git Bash says /c/...
host_path() {
  if command -v cygpath >/dev/null; then cygpath -m "$1"; else printf '%s' "$1"; fi
}

stop_container() {
  if is_running; then docker stop -t 10 "$container" >/dev/null; fi
}

remove_container() {
  stop_container
  if has_container; then docker rm "$container" >/dev/null; fi
}

# wait_healthy SECONDS: until the vault says that it is; or says why it is not.
wait_healthy() {
  local deadline=$((SECONDS + $1))
  while [ $SECONDS -lt $deadline ]; do
    if docker exec "$container" node cli/healthcheck.ts >/dev/null 2>&1; then return 0; fi
    if ! is_running || [ "$(docker container inspect -f '{{.RestartCount}}' "$container")" -gt 1 ]; then break; fi
    sleep 0.5
  done
  warn "The vault does not become healthy. Its last lines:"
  docker logs --tail 15 "$container" >&2 2>&1 || true
  return 1
}

tell_where() {
  local port=${published##*:}
  say "Keystore is up: http://localhost:$port"
}

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
    adopt_volume
    if has_container && ! is_ours; then
      die "The container $container is not of this version. HelperScripts/stop-and-rebuild.sh replaces it and brings its data over."
    fi
    return
  fi
  if $here; then
    mode=local
    return
  fi
  # Neither is there yet.
  if [ -d node_modules ] && ! { has_docker && has_image; }; then
    mode=local
  else
    need_docker
    mode=docker
  fi
}

# cli FILE [ARGUMENT...]: runs one of our programs beside the data: in a container of its own, or with the local Node.js.
cli() {
  local program=$1
  shift
  if [ "$mode" = local ]; then
    local node=node_modules/.bin/node
    [ -x "$node" ] || node=node
    KEYSTORE_ENV=$env_file KEYSTORE_DATA=$local_data "$node" "cli/$program" "$@"
    return
  fi
  local user mounts=()
  user=$(container_user)
  if [ -f "$env_file" ]; then
    mounts=(--mount "type=bind,src=$(host_path "$env_file"),dst=/run/secrets/keystore_env,readonly")
  fi
  # No log driver: what is written to standard output may be a backup or a key, and Docker would keep it.
  docker run --rm -i "${hardened[@]}" --user "$user" --network none --log-driver none \
    -v "$volume:/app/data" ${mounts[@]+"${mounts[@]}"} "$(image_in_use)" "cli/$program" "$@"
}

# The image that made the container, so that data and program fit; or the newest.
image_in_use() {
  if has_container; then docker container inspect -f '{{.Image}}' "$container"; else printf '%s' "$image"; fi
}

need_image() {
  if [ "$mode" = docker ] && ! has_container && ! has_image; then build_image; fi
}

# Puts the env file of a restore in place where the vault's programs cannot: on the host, for a container.
swap_env() {
  local partial=$env_file.partial before='' status=0
  rm -f -- "$partial"
  cli restore.ts env </dev/null | {
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
  if [ -e "$env_file" ]; then
    [ -e "$env_file.$before" ] || cp -p -- "$env_file" "$env_file.$before"
    say "The env file that was there before is kept as $env_file.$before."
    # The container's user stays its owner.
    if [ "$(id -u)" = 0 ]; then chown --reference="$env_file" -- "$partial"; fi
  fi
  chmod 600 -- "$partial"
  mv -f -- "$partial" "$env_file"
}
