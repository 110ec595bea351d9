#!/usr/bin/env bash
# Restores a backup, or moves a database of Keystore v0.6 in. The file is checked before anything is changed.
#
#   restore-data.sh FILE [--env FILE | --keep-env] [--accept-damaged] [--again] [--yes] [--docker | --local]
#   restore-data.sh --finish [--docker | --local]
#
#   FILE              keystore_backup_*.db, or the keystore.db of v0.6
#   --env FILE        the env file of the backup (default: the .env_backup_*.txt beside FILE, else the one in use)
#   --keep-env        use the keys in use, even if there is an env file beside FILE
#   --accept-damaged  restore even if some values do not open; the output names them
#   --again           move a v0.6 database in a second time, and replace what has changed since
#   --yes             do not ask
#   --finish          finish a restore that was interrupted
#   --docker, --local choose the vault, if there is one in Docker and one for `npm start`
#
# RUNTIME=standalone chooses the runtime if there is no container yet; an existing container keeps its own.
# What is replaced is kept: the database as before-restore-*.db in the data folder or volume, the env file beside itself.
# Exit status 2: the v0.6 database moved in, except for what the output names as not moved.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

file=
env_of_file=
keep_env=false
finish=()
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --env)
      [ -n "${2:-}" ] || die '--env needs a file.'
      env_of_file=$(absolute "$2")
      shift
      ;;
    --keep-env) keep_env=true ;;
    --accept-damaged | --again) options+=("$1") ;;
    --finish) finish=(--finish) ;;
    --yes | --docker | --local | --help) common_option "$1" ;;
    --)
      shift
      if [ $# -ne 1 ] || [ -n "$file" ]; then die 'Name one file. See --help.'; fi
      file=$1
      ;;
    *)
      # The name of a file may begin with "-".
      if [[ $1 != -* || -e $called_from/$1 ]]; then
        [ -z "$file" ] || die 'Name one file. See --help.'
        file=$1
      else
        common_option "$1"
      fi
      ;;
  esac
  shift
done

start_vault() {
  prepare_data || return
  if has_container; then docker start "$container" >/dev/null; else start_container; fi && wait_healthy "$start_seconds"
}

# What restore.ts reads as the file before the restore; write_env names it.
kept_env=/dev/null

# go_on EVENT: tells restore.ts what has happened and does what it asks for, until the restore ends.
go_on() {
  local event=$1
  while :; do
    answer=$(box restore.ts next "$event" "--$mode" ${finish[@]+"${finish[@]}"} <"$kept_env") || answer=
    case $(field next) in
      write-env)
        write_env || die "The env file could not be replaced. $unfinished"
        event=env-written
        ;;
      start) if start_vault; then event=started; else event=not-started; fi ;;
      stop)
        stop_container
        event=stopped
        ;;
      unchanged)
        if $was_running; then docker start "$container" >/dev/null; fi
        die 'Nothing was changed.'
        ;;
      rolled-back) die 'The restore failed. The vault is as it was before.' ;;
      done) return ;;
      *) die "$unfinished" ;;
    esac
  done
}
unfinished='The restore is not complete. Correct the problem above, then run: HelperScripts/restore-data.sh --finish'
was_running=false

find_mode
need_image

if [ ${#finish[@]} -gt 0 ]; then
  [ "$mode" = local ] || stop_container
  go_on interrupted
  say 'The restore is complete. To check the vault: HelperScripts/check-data.sh'
  exit
fi

[ -n "$file" ] || die 'Name the file to restore, as in: HelperScripts/restore-data.sh backups/keystore_backup_20250624_103000.db'
file=$(absolute "$file")
need_file() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then die "There is no readable file $1. Nothing was changed."; fi
}
need_file "$file"

if [ -z "$env_of_file" ] && ! $keep_env; then
  beside=$(env_of_backup "$file")
  if [ "$beside" != "$file" ] && [ -f "$beside" ]; then env_of_file=$beside; fi
fi
if [ -n "$env_of_file" ]; then
  need_file "$env_of_file"
  say "Using the keys in $env_of_file"
elif [ ! -f "$env_file" ] && [ "$mode" = docker ]; then
  die "The keys are missing: there is no $env_file, and no env file beside the backup. Name one with --env FILE. Nothing was changed."
fi

parts=()
sizes=()
for part in "$env_of_file" "$file" "$file-wal" "$file-journal"; do
  if [ -f "$part" ]; then
    parts+=("$part")
    sizes+=("$(wc -c <"$part" | tr -d ' ')")
  else
    sizes+=(0)
  fi
done

if [ "$mode" = docker ] && ! has_container; then prepare_volume; fi
answer=$(cat -- "${parts[@]}" | box restore.ts stage "${sizes[@]}" ${options[@]+"${options[@]}"}) || die 'Nothing was changed.'
if [ "$(field next)" = nothing ]; then exit 0; fi
losses=$(field losses)

if [ "$mode" = docker ]; then where="in Docker, volume $volume"; else where="in $local_data"; fi
confirm "Replace everything in the vault ($where) with this?"

if [ "$mode" = docker ] && is_running; then
  was_running=true
  stop_container
fi
go_on confirmed

if [ "$mode" = docker ]; then
  remember_seals
  tell_where
  say 'Next: sign in. If you moved in from v0.6, use your old password.'
else
  say 'The vault starts and is healthy. Next: npm start'
fi
if [ "$losses" != 0 ]; then
  warn 'Not everything could be moved: see above. The old file still has it.'
  exit 2
fi
