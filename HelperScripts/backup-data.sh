#!/usr/bin/env bash
# Makes a backup of the vault and checks it, also while the vault is in use, and whether it runs or not.
#
#   backup-data.sh [--keep N] [--no-env] [--accept-damaged] [--docker | --local]
#
#   --keep N          afterwards keep only the N newest backups
#   --no-env          leave out the keys: without them the backup cannot be read, so have them elsewhere
#   --accept-damaged  make the backup although some values do not open, which are named
#   --docker, --local which vault, if there is one in Docker and one that `npm start` runs
#
# Writes backups/keystore_backup_YYYYMMDD_HHMMSS.db and beside it .env_backup_YYYYMMDD_HHMMSS.txt with the keys, mode
# 0600 in a folder of mode 0700. Whoever has both can read every value: keep them apart, or somewhere safe.
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
      [[ $keep =~ ^[1-9][0-9]{0,5}$ ]] || die '--keep takes a number from 1, as in --keep 14.'
      shift
      ;;
    --no-env) with_env=false ;;
    --accept-damaged) check=(--accept-damaged) ;;
    --docker) mode=docker ;;
    --local) mode=local ;;
    --yes) assume_yes=true ;;
    -h | --help)
      show_help
      exit 0
      ;;
    *) die "Unknown option: $1. See --help." ;;
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
target_env=$backups/.env_backup_$stamp.txt
trap 'rm -f -- "$target.partial" "$target_env.partial"' EXIT

failed='There is no new backup; those from before are as they were.'
box backup.ts >"$target.partial" </dev/null || die "$failed"
found=$(box check.ts backup ${check[@]+"${check[@]}"} <"$target.partial") || die "What was copied did not pass its check. $failed"
if $with_env; then
  box backup.ts env >"$target_env.partial" </dev/null || die "The keys could not be read. $failed"
  chmod 600 -- "$target_env.partial"
fi
chmod 600 -- "$target.partial"
sync -- "$target.partial" 2>/dev/null || sync
# The keys first: a backup that is there is complete.
if $with_env; then mv -- "$target_env.partial" "$target_env"; fi
mv -- "$target.partial" "$target"

say "Wrote $target"
if $with_env; then say "and   $target_env"; else warn 'The keys are not in it (--no-env). Without ENCRYPTION_KEY it cannot be read.'; fi
if [ ${#check[@]} -eq 0 ]; then found="$found; every value was opened"; fi
say "Checked: $found."

if [ -n "$keep" ]; then
  count=0
  # Names sort as their times do.
  while IFS= read -r old; do
    count=$((count + 1))
    if [ "$count" -gt "$keep" ]; then
      time=${old##*/keystore_backup_}
      rm -f -- "$old" "$backups/.env_backup_${time%.db}.txt"
      say "Removed $old"
    fi
  done < <(find "$backups" -maxdepth 1 -type f -name 'keystore_backup_????????_??????.db' | LC_ALL=C sort -r)
fi
say "Next: keep a copy on another machine. HelperScripts/restore-data.sh FILE brings it back."
