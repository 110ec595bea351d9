#!/usr/bin/env bash
# Moves old entries of the access log to an archive file, which proves itself. Their hashes stay, so that proofs go on. The database shrinks.
#
#   archive-logs.sh --before DATE [--yes] [--docker | --local]
#
#   --before DATE     archive the entries before this day (2026-01-31, in UTC) or time (2026-01-31T12:00:00Z), at least 7 days ago
#   --yes             do not ask before a running container is stopped for a moment
#   --docker, --local choose the vault, if there is one in Docker and one for `npm start`
#
# Writes backups/keystore_log_1-5000.jsonl, named after the numbers of the first and the last entry (mode 0600, folder 0700). Only then the
# entries are deleted; stopped in between, nothing is lost, and the next run does the whole again. An entry that is not sealed is not
# archived, and the newest one stays. A vault of `npm start` must be stopped first; a container is stopped for a moment.
# To verify the archive: HelperScripts/verify-audit.sh backups/keystore_log_1-5000.jsonl
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

before=
while [ $# -gt 0 ]; do
  case $1 in
    --before)
      before=${2:-}
      shift
      ;;
    *) common_option "$1" ;;
  esac
  shift
done
[ -n "$before" ] || die '--before needs a date, as in: --before 2026-01-31'

find_mode
need_image
mkdir -p -- "$backups"
chmod 700 "$backups"
was_running=false
partial=$(mktemp "$backups/keystore_log_XXXXXX.partial") || die "No file can be made in $backups. Nothing was changed."

# Whatever happens, a container that ran runs again.
status=1
finish() {
  rm -f -- "$partial"
  if $was_running; then
    docker start "$container" >/dev/null && wait_healthy "$start_seconds" || status=1
  fi
  exit "$status"
}
trap finish EXIT

if [ "$mode" = docker ] && is_running; then
  confirm "The container $container stops for a moment. Go on?"
  was_running=true
  stop_container
fi
box archive-logs.ts write "$before" >"$partial" </dev/null || die 'Nothing was archived.'
if [ ! -s "$partial" ]; then
  status=0
  exit
fi
IFS= read -r answer <"$partial"
target=$backups/keystore_log_$(field from)-$(field to).jsonl
chmod 600 "$partial"
flush "$partial"
# It may be of another vault, or of this one before a restore.
[ ! -e "$target" ] || mv -- "$target" "$target.before-$(date -u +%Y%m%dT%H%M%SZ)"
mv -f -- "$partial" "$target"
flush "$backups"
say "Wrote $target"
box archive-logs.ts remove <"$target" || die 'The archive is written, but the entries are still in the vault, too: see above. Nothing is lost; run this again.'
say "Next: copy the archive to another machine. To verify it: HelperScripts/verify-audit.sh $target"
status=0
