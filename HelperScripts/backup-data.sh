#!/usr/bin/env bash
# Makes a backup of the vault and checks it. The vault may be running and in use, or stopped.
#
#   backup-data.sh [--keep N] [--no-env] [--accept-damaged] [--docker | --local]
#
#   --keep N          delete all but the N newest backups afterwards; the one just made is never deleted
#   --no-env          leave out the keys; the backup cannot be read without them, so keep a copy elsewhere
#   --accept-damaged  make the backup even if some values do not open; the output names them
#   --docker, --local choose the vault, if there is one in Docker and one for `npm start`
#
# Writes backups/keystore_backup_20261125T204501Z.db, named after the time in UTC, and with the keys
# .env_backup_20261125T204501Z.txt beside it (mode 0600, folder 0700). The two together give access to every value: store them
# apart, or in a safe place. The env file has in it what your .env only names (ENCRYPTION_KEY_FILE), so that it is enough.
#
# keystore_backup_20261125T204501Z.checkpoint, beside them, is the signed checkpoint of the access log in the backup. It is no secret: keep
# it where the owner of the vault's files cannot change it, for verify-audit.sh --checkpoints. --keep leaves checkpoints in place.
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
chmod 700 "$backups"
# The name is free, and this backup's alone from here on: another one of the same second takes the next number.
stamp=$(date -u +%Y%m%dT%H%M%SZ)
[[ $stamp =~ ^[0-9]{8}T[0-9]{6}Z$ ]] || die 'The program date does not print the time. No backup was made.'
number=1
take_name() {
  target=$backups/keystore_backup_$stamp.db
  if [ "$number" -gt 1 ]; then target=$backups/keystore_backup_${stamp}_$number.db; fi
  target_env=$(env_of_backup "$target")
  target_note=${target%.db}.checkpoint
  # With noclobber, only one process makes the file.
  if [ -e "$target" ] || ! (set -o noclobber && : >"$target.partial") 2>/dev/null; then return 1; fi
  if [ ! -e "$target" ]; then return 0; fi
  rm -f -- "$target.partial"
  return 1
}
until take_name; do
  number=$((number + 1))
  [ "$number" -le 1000 ] || die "No file can be made in $backups. No backup was made."
done
trap 'rm -f -- "$target.partial" "$target_env.partial" "$target_note.partial"' EXIT

failed='No backup was made; earlier backups are unchanged.'
box backup.ts >"$target.partial" </dev/null || die "$failed"
found=$(box check.ts backup ${check[@]+"${check[@]}"} <"$target.partial") || die "The copy did not pass its check. $failed"
# After the line about the backup comes the checkpoint, if the log has one. An older image prints none.
note=
if [[ $found == *$'\n'* ]]; then
  note=${found#*$'\n'}
  found=${found%%$'\n'*}
fi
if $with_env; then
  box backup.ts env >"$target_env.partial" </dev/null || die "The keys could not be read. $failed"
  chmod 600 "$target_env.partial"
fi
chmod 600 "$target.partial"
# list_backups orders by these times. One in the future is that of a clock that was ahead.
while IFS= read -r other; do
  if [ "$other" -nt "$target.partial" ]; then touch -r "$target.partial" "$other" 2>/dev/null || true; fi
done < <(list_backups)
touch "$target.partial"
flush "$target.partial"
# The keys first: once the database has its name, the backup is complete.
if $with_env; then
  flush "$target_env.partial"
  mv -- "$target_env.partial" "$target_env"
fi
if [ -n "$note" ]; then
  printf '%s\n' "$note" >"$target_note.partial"
  flush "$target_note.partial"
  mv -- "$target_note.partial" "$target_note"
fi
mv -- "$target.partial" "$target"
flush "$backups"
# An image that is older than this script would print the database.
box backup.ts made </dev/null >/dev/null || warn 'The time of this backup could not be noted, so the metrics have an older one.'

say "Wrote $target"
if $with_env; then say "and   $target_env"; else warn 'The backup does not contain the keys (--no-env). It cannot be read without ENCRYPTION_KEY.'; fi
if [ -n "$note" ]; then
  say "and   $target_note"
else
  warn 'The log has no checkpoint yet, so there is none beside the backup. A vault seals its log within a minute of its first use.'
fi
if [ ${#check[@]} -eq 0 ]; then found="$found; every value was opened"; fi
say "Checked: $found."

if [ -n "$keep" ]; then
  count=1
  while IFS= read -r old; do
    if [ "$old" = "$target" ]; then continue; fi
    count=$((count + 1))
    if [ "$count" -gt "$keep" ]; then
      rm -f -- "$old" "$(env_of_backup "$old")"
      say "Removed $old"
    fi
  done < <(list_backups)
fi
say 'Next: copy it to another machine. To restore it: HelperScripts/restore-data.sh FILE'
