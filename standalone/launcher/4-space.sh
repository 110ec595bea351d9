# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- Free space on the disk. While there is enough, a file says so, which the runtime looks for: on a full disk a file can
# always be removed, and not always made.

watch_space() {
  measure_space
  (
    exec 8>&- 9>&-
    trap - TERM
    trap '' INT HUP
    while [ -d "$run" ]; do
      if [ -e "$has_space" ]; then sleep 2; else sleep 0.2; fi
      measure_space
    done
  ) </dev/null >/dev/null 2>&1 &
  space_watch=$!
}

# The reserve is a quarter of a small disk. Where the space cannot be measured, there is enough.
measure_space() {
  has_space=$objects/standalone.lock/has-space
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %b %S' "$objects" 2>/dev/null)
  if [ $# -eq 3 ] && [ $(($1 * $3 / 1048576)) -lt "$min_free" ] && [ $(($1 * 4)) -lt "$2" ]; then
    rm -f "$has_space"
  else
    [ -e "$has_space" ] || : >"$has_space"
  fi
}
