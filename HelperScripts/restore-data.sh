#!/usr/bin/env bash
# Brings a backup back, or moves a database of Keystore v0.6 in. Checks the file before anything is touched.
#
#   restore-data.sh FILE [--env FILE | --keep-env] [--accept-damaged] [--again] [--yes] [--docker | --local]
#   restore-data.sh --finish
#
#   FILE              keystore_backup_*.db, or the keystore.db of v0.6
#   --env FILE        the env file that belongs to it (default: the .env_backup_*.txt beside it, else the one in use)
#   --keep-env        use the keys that are in use, whatever is beside FILE
#   --accept-damaged  restore although some values do not open, which are named
#   --again           move a v0.6 database in once more, over what has become of it since
#   --yes             do not ask
#   --finish          carry out a restore that was interrupted
#   --docker, --local which vault, if there is one in Docker and one that `npm start` runs
#
# RUNTIME=standalone chooses the runtime where no container is there yet; one that is there keeps its own.
# What is replaced is kept: the database as before-restore-*.db in the data folder or volume, the env file beside itself.
# Ends with 2 if a v0.6 database moved in but for what is named as not brought over.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

file=
env_of_file=
keep_env=false
finish=false
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --env)
      [ -n "${2:-}" ] || die '--env takes a file.'
      env_of_file=$(absolute "$2")
      shift
      ;;
    --keep-env) keep_env=true ;;
    --accept-damaged | --again) options+=("$1") ;;
    --yes) assume_yes=true ;;
    --finish) finish=true ;;
    --docker) mode=docker ;;
    --local) mode=local ;;
    -h | --help)
      show_help
      exit 0
      ;;
    --)
      shift
      if [ $# -ne 1 ] || [ -n "$file" ]; then die 'Name one file. See --help.'; fi
      file=$1
      ;;
    *)
      # A file may have a name that begins with "-".
      if [[ $1 == -* && ! -e $called_from/$1 ]]; then die "Unknown option: $1. See --help."; fi
      [ -z "$file" ] || die 'Name one file. See --help.'
      file=$1
      ;;
  esac
  shift
done

start_vault() {
  if [ "$mode" = local ]; then
    box restore.ts prove </dev/null
    return
  fi
  prepare_data || return
  if has_container; then docker start "$container" >/dev/null; else start_container; fi && wait_healthy "$start_seconds"
}

prove() {
  if [ "$mode" = docker ] && [ "$(runtime_in_use)" = wrangler ]; then
    docker exec "$container" node box/commands/check.ts prove
  else
    box check.ts prove </dev/null
  fi
}

find_mode
need_image

if $finish; then
  [ "$mode" = local ] || stop_container
  swap_env
  box restore.ts finish </dev/null
  start_vault || die 'The vault does not start. See above.'
  prove
  say 'Next: nothing. HelperScripts/check-data.sh tells how the vault is.'
  exit
fi

[ -n "$file" ] || die 'Which file? As in: HelperScripts/restore-data.sh backups/keystore_backup_20250624_103000.db'
file=$(absolute "$file")
need_file() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then die "There is no file $1 that can be read. Nothing was changed."; fi
}
need_file "$file"

# The keys that belong to FILE, if they are beside it.
if [ -z "$env_of_file" ] && ! $keep_env; then
  name=${file##*/}
  time=${name#keystore_backup_}
  beside=${file%/*}/.env_backup_${time%.db}.txt
  if [ "$time" != "$name" ] && [ -f "$beside" ]; then env_of_file=$beside; fi
fi
if [ -n "$env_of_file" ]; then
  need_file "$env_of_file"
  say "With the keys of $env_of_file"
elif [ ! -f "$env_file" ] && [ "$mode" = docker ]; then
  die "The keys are missing: there is no $env_file, and none beside the backup. Name it with --env FILE. Nothing was changed."
fi

size() { if [ -n "$1" ] && [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else printf 0; fi; }
contents() { if [ -n "$1" ] && [ -f "$1" ]; then cat -- "$1"; fi; }
stream() {
  printf '%s %s %s %s\n' "$(size "$env_of_file")" "$(size "$file")" "$(size "$file-wal")" "$(size "$file-journal")"
  contents "$env_of_file"
  contents "$file"
  contents "$file-wal"
  contents "$file-journal"
}

if [ "$mode" = docker ] && ! has_container; then prepare_volume; fi
status=0
staged=$(stream | box restore.ts stage ${options[@]+"${options[@]}"}) || status=$?
if [ $status -eq 4 ]; then
  say "$staged"
  exit 0
fi
[ $status -eq 0 ] || die "Nothing was changed."
say "$staged"

if [ "$mode" = docker ]; then where="in Docker, volume $volume,"; else where="in $local_data"; fi
confirm "Replace what the vault $where holds now by this?"

was_running=false
if [ "$mode" = docker ] && is_running; then
  was_running=true
  stop_container
fi
if ! box restore.ts apply </dev/null; then
  if box restore.ts before </dev/null >/dev/null; then
    die 'The restore was interrupted. To carry it out: HelperScripts/restore-data.sh --finish'
  fi
  if $was_running; then docker start "$container" >/dev/null; fi
  die 'Nothing was changed.'
fi
swap_env

if ! start_vault || ! prove; then
  warn 'The restored vault does not work. Going back to what was there before.'
  if [ "$mode" = docker ]; then stop_container; fi
  before=$(box restore.ts before </dev/null || true)
  old_env=$env_file
  if [ -n "$before" ] && [ -e "$env_file.$before" ]; then old_env=$env_file.$before; fi
  if box restore.ts complete </dev/null && contents "$old_env" | box restore.ts undo; then
    swap_env
    box restore.ts finish </dev/null || true
    if [ "$mode" = docker ]; then start_vault || true; fi
    die 'The vault is as it was before.'
  fi
  die 'It could not be put back by itself. HelperScripts/check-data.sh tells how it is.'
fi
box restore.ts clear </dev/null

if [ "$mode" = docker ]; then
  tell_where
  say 'Next: sign in. If you moved in from v0.6: with your old password.'
else
  say 'It starts and is healthy. Next: npm start'
fi
case $staged in
  *'not brought over:'*)
    warn 'Not everything could be brought over: see above. The old file has it still.'
    exit 2
    ;;
esac
