#!/usr/bin/env bash
# Sets a new password for an admin who cannot sign in. Needs access to the vault's files, not to its API.
#
#   reset-admin.sh [NAME] [--yes] [--docker | --local]
#
#   NAME              the admin (default: admin)
#   --yes             do not ask: neither before a running container is stopped for a moment, nor whether an account is meant that
#                     something other than the vault has changed
#   --docker, --local choose the vault, if there is one in Docker and one for `npm start`
#
# Asks for the password, or reads it from standard input if that is not a terminal. Activates the account, ends all sessions,
# and forgets failed sign-ins. The log of the vault says that this was done. A vault of `npm start` must be stopped first.
# The standalone file has the same as a command: keystore reset-admin [NAME]
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

name=
while [ $# -gt 0 ]; do
  case $1 in
    -*) common_option "$1" ;;
    *)
      [ -z "$name" ] || die 'Name one admin. See --help.'
      name=$1
      ;;
  esac
  shift
done
name=${name:-admin}

# read_password: leaves the new password in $password.
read_password() {
  local again
  if [ ! -t 0 ]; then
    IFS= read -r password || [ -n "$password" ] || die 'Standard input has no password. Nothing was changed.'
    return
  fi
  printf 'New password for %s: ' "$name" >&2
  IFS= read -rs password
  printf '\nThe same again: ' >&2
  IFS= read -rs again
  printf '\n' >&2
  [ "$password" = "$again" ] || die 'The two passwords differ. Nothing was changed.'
}

find_mode
need_image
password=
read_password
was_running=false
if [ "$mode" = docker ] && is_running; then
  if [ -t 0 ]; then confirm "The container $container stops for a moment. Go on?"; fi
  was_running=true
  stop_container
fi
status=0
# printf is a part of the shell: the password is in no process list.
reset() { printf '%s\n' "$password" | box reset-admin.ts "$name" "$@"; }
reset || status=$?
# The account is not what the vault has sealed. In a subshell, since confirm ends the script, and the container may have to start again.
if [ $status -eq 4 ]; then
  status=1
  if (confirm 'Is it the account that you mean?'); then
    status=0
    reset --meant || status=$?
  fi
fi
if $was_running; then
  docker start "$container" >/dev/null
  wait_healthy "$start_seconds" || status=1
fi
exit $status
