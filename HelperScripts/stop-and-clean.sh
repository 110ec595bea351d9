#!/usr/bin/env bash
# Stops and removes the container and, if you confirm, the volume with all keys, users and log entries.
#
#   stop-and-clean.sh              asks before it deletes the data
#   stop-and-clean.sh --keep-data  removes the container only
#   stop-and-clean.sh --yes        deletes the data without asking
#
# Backups and the env file are kept.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

keep_data=false
for argument; do
  case $argument in
    --keep-data) keep_data=true ;;
    --yes) assume_yes=true ;;
    *) last_option "$argument" ;;
  esac
done

need_docker
# The question comes before anything is stopped.
delete=false
if ! $keep_data && has_volume; then
  if $assume_yes; then
    delete=true
  elif [ -t 0 ]; then
    printf 'Also delete the volume %s with ALL keys, users and logs? Type its name to confirm: ' "$volume" >&2
    read -r answer || answer=
    if [ "$answer" = "$volume" ]; then delete=true; fi
  else
    die 'There is no terminal to ask at: pass --yes to delete the data, or --keep-data to keep it. Nothing was changed.'
  fi
fi

if has_container; then
  remove_container
  say "Removed the container $container."
else
  say "There is no container $container."
fi
if $delete; then
  docker volume rm "$volume" >/dev/null || die "The volume $volume could not be deleted: see above. Another container may use it."
  say "Deleted the volume $volume."
  say 'Next: start a new vault with HelperScripts/build-and-run.sh, or restore a backup with HelperScripts/restore-data.sh FILE'
elif has_volume; then
  say "The volume $volume with your data was kept."
  say 'Next: run it again with HelperScripts/build-and-run.sh'
fi
