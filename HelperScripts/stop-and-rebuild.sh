#!/usr/bin/env bash
# Updates the container and keeps all data: builds the image, stops the old container and starts a new one.
#
#   stop-and-rebuild.sh                      keeps the runtime
#   RUNTIME=standalone stop-and-rebuild.sh   changes the runtime; RUNTIME=wrangler changes it back
#
# Keys, users and logs are in the volume keystore_data and are kept. The old container runs until the new image is built.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

no_options "$@"

need_docker
[ -f "$env_file" ] || die "There is no $env_file. Restore the one of your data (backups/.env_backup_*.txt)."
mode=docker
old_images=$(images_in_use)
# Only for the compose file in this folder: that of v0.6, in another one, would build v0.6 again.
if is_ours && [ "$(compose_folder)" = "$root" ]; then
  say "docker compose made the container $container, and rebuilds it."
  rebuild_with_compose
else
  build_image
  remove_container
  prepare_volume
  prepare_data || die "The vault cannot start: see above. Its data is safe in the volume $volume."
  start_container || die "The container did not start: see above. Its data is safe in the volume $volume."
fi
wait_healthy "$start_seconds" || die "Its data is safe in the volume $volume."
# shellcheck disable=SC2086
remove_unnamed $old_images
remember_seals
tell_where
say 'To check the vault: HelperScripts/check-data.sh'
