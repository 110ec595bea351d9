#!/usr/bin/env bash
# Makes a backup of the vault and checks it. The vault may be running and in use, or stopped.
#
#   backup-data.sh [--keep N] [--no-env] [--accept-damaged] [--docker | --local]
#
#   --keep N          delete all but the N newest backups afterwards
#   --no-env          leave out the keys; the backup cannot be read without them, so keep a copy elsewhere
#   --accept-damaged  make the backup even if some values do not open; the output names them
#   --docker, --local choose the vault, if there is one in Docker and one for `npm start`
#
# Writes backups/keystore_backup_YYYYMMDD_HHMMSS.db and, with the keys, .env_backup_YYYYMMDD_HHMMSS.txt beside it (mode 0600,
# folder 0700). The two together give access to every value: store them apart, or in a safe place.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

keep=
with_env=true
check=()
while [ $# -gt 0 ]; do
  case $1 in
    --keep)
      keep=${2:-}
      [[ $keep =~ ^[1-9][0-9]{0,5}$ ]] || die '--keep needs a number from 1, as in: --keep 14'
      shift
      ;;
    --no-env) with_env=false ;;
    --accept-damaged) check=(--accept-damaged) ;;
    *) common_option "$1" ;;
  esac
  shift
done

find_mode
need_programs
mkdir -p -- "$backups"
chmod 700 -- "$backups"
stamp=$(date +%Y%m%d_%H%M%S)
while [ -e "$backups/keystore_backup_$stamp.db" ]; do
  sleep 1
  stamp=$(date +%Y%m%d_%H%M%S)
done
target=$backups/keystore_backup_$stamp.db
target_env=$(env_of_backup "$target")
trap 'rm -f -- "$target.partial" "$target_env.partial"' EXIT

failed='No backup was made; earlier backups are unchanged.'
box backup.ts >"$target.partial" </dev/null || die "$failed"
found=$(box check.ts backup ${check[@]+"${check[@]}"} <"$target.partial") || die "The copy did not pass its check. $failed"
if $with_env; then
  box backup.ts env >"$target_env.partial" </dev/null || die "The keys could not be read. $failed"
  chmod 600 -- "$target_env.partial"
fi
chmod 600 -- "$target.partial"
sync -- "$target.partial" 2>/dev/null || sync
# The keys first: once the database has its name, the backup is complete.
if $with_env; then mv -- "$target_env.partial" "$target_env"; fi
mv -- "$target.partial" "$target"

say "Wrote $target"
if $with_env; then say "and   $target_env"; else warn 'The backup does not contain the keys (--no-env). It cannot be read without ENCRYPTION_KEY.'; fi
if [ ${#check[@]} -eq 0 ]; then found="$found; every value was opened"; fi
say "Checked: $found."

if [ -n "$keep" ]; then
  count=0
  while IFS= read -r old; do
    count=$((count + 1))
    if [ "$count" -gt "$keep" ]; then
      rm -f -- "$old" "$(env_of_backup "$old")"
      say "Removed $old"
    fi
  done < <(list_backups)
fi
say 'Next: copy it to another machine. To restore it: HelperScripts/restore-data.sh FILE'
