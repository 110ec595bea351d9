#!/usr/bin/env bash
# Builds the image and runs the vault in a container.
#
#   build-and-run.sh
#   RUNTIME=standalone build-and-run.sh   without Node.js: a sixth of the memory, and up at once
#
# Makes the volume keystore_data if it is not there, or uses it as it is; a database of v0.6 in it moves in. Asks nothing:
# a container that runs already is left alone. KEYSTORE_PORT=8080 build-and-run.sh takes another port.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

no_options "$@"

need_docker
[ -f "$env_file" ] || die "There is no $env_file. Make it: HelperScripts/generate-keys.sh; or bring back the one that belongs to your data."
if has_container; then
  die "The container $container is there already. To bring it up to date and keep its data: HelperScripts/stop-and-rebuild.sh"
fi
mode=docker
build_image
prepare_volume
prepare_data || die 'The vault was not started: see above. Then run this again.'
start_container || die "The container did not start. If the port is taken, choose another: KEYSTORE_PORT=8080 $0"
wait_healthy "$start_seconds" || die "Then remove it and try again: HelperScripts/stop-and-clean.sh --keep-data"
tell_where
docker logs "$container" 2>&1 | grep -F 'Sign in' || true
say 'Next: sign in, change the default passwords, and make a first backup: HelperScripts/backup-data.sh'
