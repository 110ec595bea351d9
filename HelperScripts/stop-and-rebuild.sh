#!/usr/bin/env bash
# Brings the container up to date and keeps all data: builds the image, then stops the old container and starts a new one.
#
#   stop-and-rebuild.sh
#   RUNTIME=standalone stop-and-rebuild.sh   changes the runtime, which otherwise stays; RUNTIME=wrangler changes it back
#
# Keys, users and logs are in the volume keystore_data and stay. The old container runs until the new image is built.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

no_options "$@"

need_docker
[ -f "$env_file" ] || die "There is no $env_file. Bring back the one that belongs to your data (backups/.env_backup_*.txt)."
mode=docker
old_images=$(images_in_use)
# The compose file of v0.6, in another folder, would build v0.6 again.
if is_ours && [ "$(compose_folder)" = "$root" ]; then
  say "The container $container is one of docker compose, which rebuilds it."
  rebuild_with_compose
else
  build_image
  remove_container
  prepare_volume
  prepare_data || die "The vault cannot start: see above. Its data is in the volume $volume."
  start_container || die "The container did not start. Its data is in the volume $volume."
fi
wait_healthy "$start_seconds" || die "Its data is in the volume $volume, untouched or moved in whole."
# shellcheck disable=SC2086
remove_unnamed $old_images
tell_where
say 'Next: nothing. HelperScripts/check-data.sh tells how it is.'
