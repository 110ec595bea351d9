# shellcheck shell=bash
# What lib.sh knows of Docker: the container, its images and how it is run. Sourced by lib.sh.
#
# A vault has one of two runtimes, on the same data: `wrangler dev` on Node.js (the image keystore), or standalone, which
# has no Node.js (keystore-standalone). Beside that, keystore-tools runs our programs: in containers that do one thing and end.

# What is set in lib.sh and used in the scripts looks foreign to shellcheck.
# shellcheck disable=SC2154

need_docker() {
  command -v docker >/dev/null || die 'Docker is not installed. Install it, or run the vault without it: npm start'
  docker info >/dev/null 2>&1 || die 'Docker does not answer. Start it (Docker Desktop, or: sudo systemctl start docker), or join the group docker.'
  adopt_container
}

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }
has_container() { docker container inspect "$container" >/dev/null 2>&1; }
has_volume() { docker volume inspect "$volume" >/dev/null 2>&1; }
is_running() { [ "$(docker container inspect -f '{{.State.Running}}' "$container" 2>/dev/null)" = true ]; }
label_of_container() { docker container inspect -f "{{index .Config.Labels \"$1\"}}" "$container" 2>/dev/null; }

# A container that is there says which volume has the data: one of v0.6's compose files was named after its folder. And
# it says which runtime the vault has, unless another is asked for.
adopt_container() {
  local mounted
  runtime=${runtime:-$(runtime_in_use)}
  if [ -n "${KEYSTORE_VOLUME:-}" ] || ! has_container; then return 0; fi
  mounted=$(docker container inspect -f '{{range .Mounts}}{{if eq .Destination "/app/data"}}{{.Name}}{{end}}{{end}}' "$container")
  if [ -z "$mounted" ] || [ "$mounted" = "$volume" ]; then return 0; fi
  volume=$mounted
  warn "The data is in the volume $volume. To use it from now on: export KEYSTORE_VOLUME=$volume"
}

# Whether the container is one of ours, and not one that v0.6 made under the same name.
is_ours() { [ "$(label_of_container org.opencontainers.image.title)" = Keystore ]; }

# The runtime of the container that is there; without one, of that which is to be made.
runtime_in_use() {
  local found=${runtime:-}
  if has_container; then found=$(label_of_container keystore.runtime); fi
  printf '%s' "${found:-wrangler}"
}

# --- Images ---------------------------------------------------------------------------------------------------------

tools=$image-tools

# The image of the vault for the runtime that was chosen.
image_of_vault() { if [ "$runtime" = standalone ]; then printf '%s' "$image-standalone"; else printf '%s' "$image"; fi; }

has_image_named() { docker image inspect "$1" >/dev/null 2>&1; }
has_image() { has_image_named "$(image_of_vault)"; }
has_programs() { has_image_named "$(image_of_programs)"; }

# The image with our programs: for a vault without Node.js its tools, otherwise the one that made the container, so that
# data and programs fit; or whichever there is.
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

# Builds what is missing of the vault and its programs; not the image of a container that is there.
need_image() {
  if [ "$mode" != docker ]; then return 0; fi
  if ! has_container && ! has_image; then build_image; fi
  need_programs
}

# The smallest image that has them. docker compose, too, builds the standalone image alone.
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
  say "Building the image $2. The first time takes some minutes."
  if ! docker build --target "$1" -t "$2" . >"$log" 2>&1; then
    tail -n 40 -- "$log" >&2
    rm -f -- "$log"
    die 'The image was not built: see above. What ran before still runs.'
  fi
  rm -f -- "$log"
  # The classic builder keeps each build's first stages, 1.6 GB and more. Those of today make the next build fast.
  for label in keystore.stage keystore.runtime; do
    docker image prune -f --filter "label=$label" --filter until=24h >/dev/null 2>&1 || true
  done
}

# What the container that is there was made of, and its programs, by id.
images_in_use() {
  if ! is_ours; then return 0; fi
  docker container inspect -f '{{.Image}}' "$container"
  docker image inspect -f '{{.Id}}' "$(image_of_programs)" 2>/dev/null || true
}

# remove_unnamed ID...: the images whose name a newer one has taken. Docker keeps what another container runs on.
remove_unnamed() {
  local old
  for old; do
    if [ "$(docker image inspect -f '{{len .RepoTags}}' "$old" 2>/dev/null)" = 0 ]; then docker image rm "$old" >/dev/null 2>&1 || true; fi
  done
}

# --- The container --------------------------------------------------------------------------------------------------

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
# shellcheck disable=SC2054,SC2034
hardened=(
  --read-only
  --cap-drop ALL
  --security-opt no-new-privileges
  --tmpfs /tmp:rw,noexec,nosuid,nodev,size=256m,mode=1777
  --pids-limit 256
)

# A volume from v0.6, or from another user, may hold files that are not ours to read.
prepare_volume() {
  local user
  user=$(container_user)
  docker volume create "$volume" >/dev/null
  docker run --rm --read-only --network none --log-driver none --user 0:0 \
    --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --security-opt no-new-privileges \
    -v "$volume:/app/data" --entrypoint sh "$(image_of_vault)" -c \
    'find /app/data \( ! -user "${1%:*}" -o ! -group "${1#*:}" \) -exec chown -h "$1" {} +' sh "$user" \
    || die "The volume $volume cannot be made ready. Nothing was changed in it."
}

start_container() {
  local user fitting=() eager=()
  user=$(container_user) || return
  # The programs that were built with it, to be found again after the next build.
  if [ "$runtime" = standalone ]; then fitting=(--label "keystore.tools=$(docker image inspect -f '{{.Id}}' "$tools")"); fi
  # Docker says that it is healthy as soon as it is, and not only after the first interval; since Docker 25.
  if docker run --help | grep -q -- --health-start-interval; then eager=(--health-start-interval 300ms); fi
  docker run -d --name "$container" "${hardened[@]}" --user "$user" \
    --restart unless-stopped --memory 3g ${fitting[@]+"${fitting[@]}"} ${eager[@]+"${eager[@]}"} \
    -v "$volume:/app/data" \
    --mount "type=bind,src=$(host_path "$env_file"),dst=/run/secrets/keystore_env,readonly" \
    -p "$published:5000" "$(image_of_vault)" >/dev/null
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

is_healthy() {
  if [ "$(runtime_in_use)" = standalone ]; then
    docker exec "$container" /app/keystore health >/dev/null 2>&1
  else
    docker exec "$container" node box/commands/healthcheck.ts >/dev/null 2>&1
  fi
}

# wait_healthy SECONDS: until the vault says that it is; or says why it is not.
wait_healthy() {
  local deadline=$((SECONDS + $1))
  while [ $SECONDS -lt $deadline ]; do
    if is_healthy; then return 0; fi
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

# --- docker compose -------------------------------------------------------------------------------------------------

# The folder of the compose project that made the container; empty if a script made it.
compose_folder() { label_of_container com.docker.compose.project.working_dir; }

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose --profile standalone "$@"
  else
    docker-compose --profile standalone "$@"
  fi
}

# Rebuilds the service of compose that has the runtime that was chosen, and puts it in the place of the container.
rebuild_with_compose() {
  local service=${runtime/wrangler/keystore}
  compose build "$service" || die 'docker compose failed. See the lines above. What ran before still runs.'
  if [ "$runtime" = standalone ]; then build_stage tools "$tools"; fi
  # The services share name, port and volume. And what has to be prepared has to stand still.
  if [ "$runtime" = standalone ] || [ "$(runtime_in_use)" = standalone ]; then
    remove_container
    prepare_data || die "The vault cannot start: see above. Its data is in the volume $volume."
  fi
  compose up -d "$service" || die 'docker compose failed. See the lines above.'
}
