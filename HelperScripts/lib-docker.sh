# shellcheck shell=bash
# The Docker part of lib.sh: the container, its images, and how they run. Sourced by lib.sh.
#
# A vault has one of two runtimes, on the same data: `wrangler dev` on Node.js (the image keystore), or standalone, without
# Node.js (keystore-standalone). For the latter, the image keystore-tools has the programs in box/commands.

# lib.sh sets the variables.
# shellcheck disable=SC2154

need_docker() {
  command -v docker >/dev/null || die 'Docker is not installed. Install it, or run the vault without Docker: npm start'
  docker info >/dev/null 2>&1 || die 'Docker does not answer. Start it (Docker Desktop, or: sudo systemctl start docker), or join the group docker.'
  adopt_container
}

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }
has_container() { docker container inspect "$container" >/dev/null 2>&1; }
has_volume() { docker volume inspect "$volume" >/dev/null 2>&1; }
is_running() { [ "$(docker container inspect -f '{{.State.Running}}' "$container" 2>/dev/null)" = true ]; }
label_of_container() { docker container inspect -f "{{index .Config.Labels \"$1\"}}" "$container" 2>/dev/null; }

# Takes over the volume of an existing container (v0.6's compose file named it after its folder), and its runtime unless
# RUNTIME is set.
adopt_container() {
  local mounted
  runtime=${runtime:-$(runtime_in_use)}
  if [ -n "${KEYSTORE_VOLUME:-}" ] || ! has_container; then return 0; fi
  mounted=$(docker container inspect -f '{{range .Mounts}}{{if eq .Destination "/app/data"}}{{.Name}}{{end}}{{end}}' "$container")
  if [ -z "$mounted" ] || [ "$mounted" = "$volume" ]; then return 0; fi
  volume=$mounted
  warn "The data is in the volume $volume. To use it from now on: export KEYSTORE_VOLUME=$volume"
}

# Whether this version made the container; v0.6 used the same name.
is_ours() { [ "$(label_of_container org.opencontainers.image.title)" = Keystore ]; }

# The runtime of the existing container, else of the one to be made.
runtime_in_use() {
  local found=${runtime:-}
  if has_container; then found=$(label_of_container keystore.runtime); fi
  printf '%s' "${found:-wrangler}"
}

# --- Images ---------------------------------------------------------------------------------------------------------

tools=$image-tools

# The vault's image for the chosen runtime.
image_of_vault() { if [ "$runtime" = standalone ]; then printf '%s' "$image-standalone"; else printf '%s' "$image"; fi; }

has_image_named() { docker image inspect "$1" >/dev/null 2>&1; }
has_image() { has_image_named "$(image_of_vault)"; }
has_programs() { has_image_named "$(image_of_programs)"; }

# The image with the programs that fit the data: of a standalone container the tools that were built with it, else the image
# of the container; without a container, an image that exists.
image_of_programs() {
  local fitting
  if [ "$(runtime_in_use)" = standalone ]; then
    fitting=$(label_of_container keystore.tools) || true
    if [ -n "$fitting" ] && has_image_named "$fitting"; then printf '%s' "$fitting"; else printf '%s' "$tools"; fi
  elif has_container; then
    docker container inspect -f '{{.Image}}' "$container"
  elif has_image_named "$image"; then
    printf '%s' "$image"
  else
    printf '%s' "$tools"
  fi
}

# Builds the missing images of the vault and its programs; not that of an existing container.
need_image() {
  if [ "$mode" != docker ]; then return 0; fi
  if ! has_container && ! has_image; then build_image; fi
  need_programs
}

# docker compose builds the standalone image without the tools.
need_programs() {
  if [ "$mode" = docker ] && ! has_programs; then build_stage tools "$tools"; fi
}

build_image() {
  if [ "$runtime" = standalone ]; then build_stage tools "$tools"; fi
  build_stage "${runtime/wrangler/keystore}" "$(image_of_vault)"
}

# build_stage STAGE IMAGE: builds one stage of the Dockerfile.
build_stage() {
  local log label
  log=$(mktemp)
  say "Building the image $2. The first build takes some minutes."
  if ! docker build --target "$1" -t "$2" . >"$log" 2>&1; then
    tail -n 40 -- "$log" >&2
    rm -f -- "$log"
    die 'The image could not be built: see above. A running container still runs.'
  fi
  rm -f -- "$log"
  # The classic builder keeps the early stages of every build (1.6 GB). Recent ones make the next build faster.
  for label in keystore.stage keystore.runtime; do
    docker image prune -f --filter "label=$label" --filter until=24h >/dev/null 2>&1 || true
  done
}

# The ids of the images of the existing container and its programs.
images_in_use() {
  if ! is_ours; then return 0; fi
  docker container inspect -f '{{.Image}}' "$container"
  docker image inspect -f '{{.Id}}' "$(image_of_programs)" 2>/dev/null || true
}

# remove_unnamed ID...: removes images whose name a newer one has taken. Docker keeps those that a container uses.
remove_unnamed() {
  local old
  for old; do
    if [ "$(docker image inspect -f '{{len .RepoTags}}' "$old" 2>/dev/null)" = 0 ]; then docker image rm "$old" >/dev/null 2>&1 || true; fi
  done
}

# --- The container --------------------------------------------------------------------------------------------------

# The container runs as the owner of the env file, so that mode 0600 lets it read the file; never as root.
# Docker Desktop lets every user read it.
container_user() {
  local owner=1000 group=1000
  if [ "$(uname -s)" = Linux ] && [ -e "$env_file" ]; then
    owner=$(stat -L -c %u -- "$env_file")
    group=$(stat -L -c %g -- "$env_file")
    if [ "$owner" = 0 ]; then
      # The container has no root user. The file is given to the image's user.
      chown 1000:1000 -- "$env_file" || die "$env_file belongs to root. Give it to the container's user: sudo chown 1000:1000 $env_file"
      owner=1000
      group=1000
    fi
  fi
  printf '%s:%s' "$owner" "$group"
}

# The options of every container: only the volume and a tmpfs are writable, no capabilities, bounded memory and processes.
# docker-compose.yml sets the same; e2e/docker/hardening.ts checks both against one list.
# shellcheck disable=SC2054
hardened=(
  --read-only
  --cap-drop ALL
  --security-opt no-new-privileges:true
  --tmpfs /tmp:rw,noexec,nosuid,nodev,size=256m,mode=1777
  --pids-limit 256
  --memory 3g
)

# Docker for Windows needs C:/..., where Git Bash has /c/...
host_path() {
  if command -v cygpath >/dev/null; then cygpath -m "$1"; else printf '%s' "$1"; fi
}

mount_env=(--mount "type=bind,src=$(host_path "$env_file"),dst=/run/secrets/keystore_env,readonly")

# What only the existing container has and a backup needs: files that somebody mounted into it, for ENCRYPTION_KEY_FILE for
# example, and keys in its environment. Fills `shared` with options for docker run, and exports the keys that they name.
share_container() {
  local kind source target variable
  shared=()
  if ! is_ours; then return 0; fi
  while IFS=$'\t' read -r kind source target; do
    case $kind:$target in
      *:/app/data | *:/run/secrets/keystore_env) continue ;;
      volume:* | bind:*) ;;
      *) continue ;;
    esac
    if [ "$kind" = volume ] || [ -e "$source" ]; then
      shared+=(--mount "type=$kind,src=$source,dst=$target,readonly")
    fi
  done < <(docker container inspect -f \
    '{{range .Mounts}}{{.Type}}{{"\t"}}{{if .Name}}{{.Name}}{{else}}{{.Source}}{{end}}{{"\t"}}{{.Destination}}{{"\n"}}{{end}}' \
    "$container")
  while IFS= read -r variable; do
    case ${variable%%=*} in
      SECRET_KEY | ENCRYPTION_KEY | RETIRED_ENCRYPTION_KEYS) ;;
      SECRET_KEY_FILE | ENCRYPTION_KEY_FILE | RETIRED_ENCRYPTION_KEYS_FILE) ;;
      *) continue ;;
    esac
    # By name, because the arguments of a process are visible to every user.
    export "${variable?}"
    shared+=(-e "${variable%%=*}")
  done < <(docker container inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$container")
}

# Gives the volume to the container's user. One from v0.6, or of another user, may hold files that it cannot read.
prepare_volume() {
  local user
  user=$(container_user)
  docker volume create "$volume" >/dev/null
  docker run --rm "${hardened[@]}" --network none --log-driver none --user 0:0 \
    --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER \
    -v "$volume:/app/data" --entrypoint sh "$(image_of_vault)" -c \
    'find /app/data \( ! -user "${1%:*}" -o ! -group "${1#*:}" \) -exec chown -h "$1" {} +' sh "$user" \
    || die "The volume $volume could not be given to user $user; see above. Its contents are unchanged."
}

start_container() {
  local user fitting=() eager=()
  user=$(container_user) || return
  # image_of_programs finds the tools of this build by the label, even after the next build.
  if [ "$runtime" = standalone ]; then fitting=(--label "keystore.tools=$(docker image inspect -f '{{.Id}}' "$tools")"); fi
  # Since Docker 25, the first health check need not wait for a whole interval.
  if docker run --help | grep -q -- --health-start-interval; then eager=(--health-start-interval 300ms); fi
  docker run -d --name "$container" "${hardened[@]}" --user "$user" \
    --restart unless-stopped ${fitting[@]+"${fitting[@]}"} ${eager[@]+"${eager[@]}"} \
    -e "KEYSTORE_PUBLISHED=$published" \
    -v "$volume:/app/data" "${mount_env[@]}" -p "$published:5000" "$(image_of_vault)" >/dev/null
}

stop_container() {
  if is_running; then docker stop -t 10 "$container" >/dev/null; fi
}

remove_container() {
  stop_container
  if has_container; then docker rm "$container" >/dev/null; fi
}

# Runs the health check of the image now; Docker itself runs it at intervals.
is_healthy() {
  local command
  read -ra command < <(docker container inspect -f '{{join (slice .Config.Healthcheck.Test 1) " "}}' "$container") || return
  docker exec "$container" "${command[@]}" >/dev/null 2>&1
}

# wait_healthy SECONDS: waits until the vault is healthy; fails, with its last log lines, if it is not in time.
wait_healthy() {
  local deadline=$((SECONDS + $1))
  while [ $SECONDS -lt $deadline ]; do
    if is_healthy; then return 0; fi
    if ! is_running || [ "$(docker container inspect -f '{{.RestartCount}}' "$container")" -gt 1 ]; then break; fi
    sleep 0.5
  done
  warn "The vault does not become healthy. The last lines of its log:"
  docker logs --tail 15 "$container" >&2 2>&1 || true
  return 1
}

tell_where() {
  local port=${published##*:}
  say "Keystore is up: http://localhost:$port"
}

# --- docker compose -------------------------------------------------------------------------------------------------

# The folder of the compose project that made the container; empty if it was made by a script.
compose_folder() { label_of_container com.docker.compose.project.working_dir; }

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose --profile standalone "$@"
  else
    docker-compose --profile standalone "$@"
  fi
}

# Rebuilds the compose service of the chosen runtime and replaces the container with it.
rebuild_with_compose() {
  local service=${runtime/wrangler/keystore}
  compose build "$service" || die 'docker compose failed: see above. The running container still runs.'
  if [ "$runtime" = standalone ]; then build_stage tools "$tools"; fi
  # The services share name, port and volume, and data can only be prepared while no container uses it.
  if [ "$runtime" = standalone ] || [ "$(runtime_in_use)" = standalone ]; then
    remove_container
    prepare_data || die "The vault cannot start: see above. Its data is safe in the volume $volume."
  fi
  compose up -d "$service" || die 'docker compose failed: see above.'
}
