#!/usr/bin/env bash
# Tells how the vault is: container, health, what it holds, the fingerprint of its key, the last backup. Never a secret.
#
#   check-data.sh [--docker | --local]
#
# Opens every value to see that it opens, and shows none. Ends with 1 if anything is not as it should be.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

for argument; do
  case $argument in
    --docker) mode=docker ;;
    --local) mode=local ;;
    -h | --help)
      show_help
      exit 0
      ;;
    *) die "Unknown option: $argument. See --help." ;;
  esac
done

find_mode
status=0
if [ "$mode" = docker ]; then
  if has_container; then
    state=$(docker container inspect -f '{{.State.Status}}, {{if .State.Health}}{{.State.Health.Status}}{{else}}no health check{{end}}, since {{.State.StartedAt}}' "$container")
    say "Container    $container ($(runtime_in_use)): $state"
    if is_running; then
      if is_healthy; then
        say "Health       healthy, at port ${published##*:} of this machine"
      else
        say 'Health       NOT HEALTHY: HelperScripts/logs.sh --no-follow says why'
        status=1
      fi
    else
      say "Health       it does not run: docker start $container"
      status=1
    fi
  else
    say "Container    there is none: HelperScripts/build-and-run.sh makes it"
    status=1
  fi
  if ! has_volume; then die "Volume       there is no volume $volume"; fi
  say "Volume       $volume"
  has_container || has_programs || die 'Build the image first: HelperScripts/build-and-run.sh'
  need_programs
else
  say "Data         $local_data"
fi
box check.ts </dev/null || status=1

last=
if [ -d "$backups" ]; then
  last=$(find "$backups" -maxdepth 1 -type f -name 'keystore_backup_????????_??????.db' | LC_ALL=C sort | tail -n 1)
fi
if [ -n "$last" ]; then
  made=$(stat -c %Y -- "$last" 2>/dev/null || stat -f %m -- "$last")
  say "Last backup  ${last##*/}, $((($(date +%s) - made) / 3600)) hours ago"
else
  say 'Last backup  none: HelperScripts/backup-data.sh makes one'
fi
exit $status
