#!/usr/bin/env bash
# Stops and removes the container, and, if you say so, the volume with every key, user and log entry.
#
#   stop-and-clean.sh              asks before it deletes the data
#   stop-and-clean.sh --keep-data  removes the container only
#   stop-and-clean.sh --yes        deletes the data without asking
#
# Backups and the env file stay.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

keep_data=false
for argument; do
  case $argument in
    --keep-data) keep_data=true ;;
    --yes) assume_yes=true ;;
    -h | --help)
      show_help
      exit 0
      ;;
    *) die "Unknown option: $argument. See --help." ;;
  esac
done

need_docker
# Asked before anything is stopped, so that an answer of no changes nothing but the container.
delete=false
if ! $keep_data && has_volume; then
  if $assume_yes; then
    delete=true
  elif [ -t 0 ]; then
    printf 'Also delete the volume %s, with ALL keys, users and logs? Type its name to say yes: ' "$volume" >&2
    read -r answer || answer=
    if [ "$answer" = "$volume" ]; then delete=true; fi
  else
    die 'Nobody is there to ask: pass --yes to delete the data as well, or --keep-data. Nothing was changed.'
  fi
fi

if has_container; then
  remove_container
  say "Removed the container $container."
else
  say "There is no container $container."
fi
if $delete; then
  docker volume rm "$volume" >/dev/null || die "The volume $volume is in use by another container."
  say "Deleted the volume $volume."
  say 'Next: HelperScripts/build-and-run.sh begins anew, HelperScripts/restore-data.sh FILE brings a backup back.'
elif has_volume; then
  say "The volume $volume with your data stays."
  say 'Next: HelperScripts/build-and-run.sh runs it again.'
fi
