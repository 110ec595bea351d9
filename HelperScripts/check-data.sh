#!/usr/bin/env bash
# Reports the state of the vault: container, health, contents, fingerprint of its key, last backup. Shows no secrets.
#
#   check-data.sh [--docker | --local]
#
# Checks that every value opens. Exit status 1: something is wrong.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

for argument; do common_option "$argument"; done

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
        say 'Health       NOT HEALTHY: see HelperScripts/logs.sh --no-follow'
        status=1
      fi
    else
      say "Health       not running: docker start $container"
      status=1
    fi
  else
    say 'Container    none: make one with HelperScripts/build-and-run.sh'
    status=1
  fi
  if ! has_volume; then die "Volume       $volume does not exist"; fi
  say "Volume       $volume"
  has_container || has_programs || die 'Build the image first: HelperScripts/build-and-run.sh'
  need_programs
else
  say "Data         $local_data"
fi
box check.ts </dev/null || status=1

last=$(list_backups | sed -n 1p)
if [ -n "$last" ]; then
  made=$(stat -c %Y -- "$last" 2>/dev/null || stat -f %m -- "$last")
  say "Last backup  ${last##*/}, $((($(date +%s) - made) / 3600)) hours ago"
else
  say 'Last backup  none: make one with HelperScripts/backup-data.sh'
fi
exit $status
