#!/usr/bin/env bash
# Shows the container's output. Ctrl-C ends the script and leaves the container running.
#
#   logs.sh             the last 100 lines, then new ones as they come
#   logs.sh --no-follow the last 100 lines only
#
# The access log of the vault is elsewhere: in the browser, or at GET /logs.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

follow=(--follow)
case ${1:-} in
  '') ;;
  --no-follow) follow=() ;;
  *) last_option "$1" ;;
esac

need_docker
has_container || die "There is no container $container. Make one with HelperScripts/build-and-run.sh"
exec docker logs --tail 100 --timestamps ${follow[@]+"${follow[@]}"} "$container"
