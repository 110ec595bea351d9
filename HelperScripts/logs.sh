#!/usr/bin/env bash
# Shows what the container says, as it says it. Ctrl-C ends that, and leaves the container running.
#
#   logs.sh             the last 100 lines, and what follows
#   logs.sh --no-follow what there is, and no more
#
# Who did what is not in here: that is the access log, in the browser or at GET /logs.
set -euo pipefail
# shellcheck source=HelperScripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

follow=(--follow)
case ${1:-} in
  '') ;;
  --no-follow) follow=() ;;
  -h | --help)
    show_help
    exit 0
    ;;
  *) die "Unknown option: $1. See --help." ;;
esac

need_docker
has_container || die "There is no container $container. HelperScripts/build-and-run.sh makes it."
exec docker logs --tail 100 --timestamps ${follow[@]+"${follow[@]}"} "$container"
