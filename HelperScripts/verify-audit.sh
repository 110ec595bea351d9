#!/usr/bin/env bash
# Verifies the log in a database: a backup, or the database of a stopped vault. Needs no keys, no network and no running vault, and
# changes nothing: the database stays as it is, byte for byte.
#
#   verify-audit.sh DATABASE [--public-key KEY] [--checkpoints DIR-or-FILE] [--archives DIR-or-FILE] [--docker | --local]
#
#   DATABASE          backups/keystore_backup_*.db, or data/v3/d1/*/*.sqlite of a vault that is stopped
#   --public-key KEY  what `keystore audit key` printed (GET /logs/key), or a file with it. Otherwise the database says itself which key
#                     has signed its log
#   --checkpoints     a signed checkpoint that you have kept, or a folder of them: `keystore audit pin`, AUDIT_PIN_FILE, or the
#                     .checkpoint beside a backup. The log must continue each of them. Can be given more than once
#   --archives        what archive-logs.sh has written, or a folder of it: these events are verified, too. Can be given more than once
#   --docker, --local choose where the program runs: in a container of the image keystore, or with the local Node.js
#
# Exit status 0: the last line says what is proven, as in
#   verified: 1204 events, root Zm9v..., origin keystore/0123456789abcdef, sealed 2026-11-25T20:45:01.000Z, 3 not sealed yet
# 1: the first line says what is wrong, as in "event 17: edited", "events 20 to 30: missing" or "log: rolled-back". 2: it could not be
# found out. docs/AUDIT.md explains the words.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# 1 says that something is wrong with the log.
die() {
  warn "$*"
  exit 2
}

files=()
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --public-key | --checkpoints | --archives)
      [ -n "${2:-}" ] || die "$1 needs a value. See --help."
      options+=("$1" "$2")
      shift
      ;;
    --)
      shift
      files+=("$@")
      break
      ;;
    -*) common_option "$1" ;;
    *) files+=("$1") ;;
  esac
  shift
done
[ ${#files[@]} -eq 1 ] || die 'Name one database, as in: HelperScripts/verify-audit.sh backups/keystore_backup_20261125T204501Z.db. See --help.'
database=$(absolute "${files[0]}")
if [ ! -f "$database" ] || [ ! -r "$database" ]; then die "There is no readable file $database."; fi

# Nothing of a vault is needed, so Docker only if there is no Node.js with the packages.
if [ -z "$mode" ]; then if [ -d node_modules ]; then mode=local; else mode=docker; fi; fi
if [ "$mode" = docker ]; then
  need_docker
  need_programs
fi

# see PATH: sets $seen to the path as the program sees it. A container gets the folder, because SQLite may have a log beside the file.
mounts=()
count=0
see() {
  local folder=${1%/*} name=/${1##*/}
  seen=$1
  if [ "$mode" = local ]; then return 0; fi
  if [ -d "$1" ]; then
    folder=$1
    name=
  fi
  count=$((count + 1))
  mounts+=(--mount "type=bind,src=$(host_path "${folder:-/}"),dst=/given/$count,readonly")
  seen=/given/$count$name
}

see "$database"
arguments=("$seen")
for ((i = 0; i < ${#options[@]}; i += 2)); do
  value=${options[i + 1]}
  path=$(absolute "$value")
  # A key may be given as such.
  if [ -e "$path" ]; then
    see "$path"
    value=$seen
  fi
  arguments+=("${options[i]}=$value")
done

status=0
if [ "$mode" = local ]; then
  node=node_modules/.bin/node
  [ -x "$node" ] || node=node
  "$node" --no-warnings box/commands/verify-audit.ts "${arguments[@]}" || status=$?
else
  # As the owner of the file, who can read it.
  owner=$(stat -L -c %u:%g -- "$database" 2>/dev/null || stat -L -f %u:%g -- "$database")
  docker run --rm "${hardened[@]}" --user "$owner" --network none --log-driver none "${mounts[@]}" \
    "$(image_of_programs)" box/commands/verify-audit.ts "${arguments[@]}" || status=$?
fi
# Docker has codes of its own for what it could not do.
[ "$status" -le 1 ] || exit 2
exit "$status"
