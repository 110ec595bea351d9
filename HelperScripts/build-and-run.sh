#!/usr/bin/env bash
# Builds the image and runs the vault in a container.
#
#   build-and-run.sh
#   RUNTIME=standalone build-and-run.sh   without Node.js: a sixth of the memory, starts at once
#   KEYSTORE_PORT=8080 build-and-run.sh   on another port than 5000
#
# Uses the volume keystore_data, or creates it; a v0.6 database in it moves in. Leaves an existing container alone.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

no_options "$@"

need_docker
[ -f "$env_file" ] || die "There is no $env_file. For a new vault, make one with HelperScripts/generate-keys.sh; for existing data, restore its env file."
if has_container; then
  die "The container $container exists already. To update it and keep its data: HelperScripts/stop-and-rebuild.sh"
fi
mode=docker
build_image
prepare_volume
prepare_data || die 'The vault was not started: see above. Correct the problem, then run this again.'
start_container || die "The container did not start: see above. If the port is in use, choose another: KEYSTORE_PORT=8080 $0"
wait_healthy "$start_seconds" || die "Correct the problem, remove the container (HelperScripts/stop-and-clean.sh --keep-data), and run this again."
remember_seals
tell_where
docker logs "$container" 2>&1 | grep -F 'Sign in' || true
say 'Next: sign in, set new passwords where they are default ones, and make a backup: HelperScripts/backup-data.sh'
