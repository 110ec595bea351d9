# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- Settings and checks, by setup.ts. It sees the environment, reads files, and writes into the run folder.

# Whether the env file is a link to nothing, or in a folder that this user may not enter: it would pass for a missing one.
is_env_file_hidden() {
  [ ! -e "$1" ] || return 1
  [ ! -L "$1" ] || return 0
  case $(LC_ALL=C ls -d -- "$1" 2>&1) in *'No such file or directory'*) return 1 ;; esac
}

setup() {
  FOLDER=$PWD HAS_IPV6=$(grep -sl '^00000000000000000000000000000001 ' /proc/net/if_inet6) ENV_FILE_HIDDEN=
  ! is_env_file_hidden "${KEYSTORE_ENV:-.env}" || ENV_FILE_HIDDEN=yes
  # shellcheck disable=SC3045
  MAX_FILES=$(ulimit -S -n)
  export FOLDER HAS_IPV6 MAX_FILES ENV_FILE_HIDDEN
  (exec 8>&- && run_workerd test "-drun=$run" "$runtime/setup.capnp") >"$run/setup.log" 2>&1
  rm -f "$run/pid"
  if [ ! -f "$run/plan" ]; then
    cat "$run/setup.log" >&2
    refuse 'The settings could not be read; the lines above say why.'
  fi
  # The plan sets refusal, or all the others.
  refusal='' data='' min_free='' database='' port='' sockets='' control_token='' host='' env_file='' new_keys='' keys_made='' env_file_unwritable=''
  remember_seals='' has_env_file='' seals_remembered='' seals_not_remembered='' marker='' marker_text='' folder_unusable='' in_use='' port_taken=''
  # shellcheck source=/dev/null
  . "$run/plan"
  [ -z "$refusal" ] || refuse "$refusal"
  objects=$data/v3/d1
}

# Makes and locks the data folder. The runtime inherits the lock, so that the folder is not free while the runtime lives.
take_folder() {
  # A folder of another user is accepted if this user may write to it.
  if ! mkdir -p "$objects/standalone.lock" 2>/dev/null || [ ! -w "$objects/standalone.lock" ] ||
    { [ -O "$data" ] && ! chmod 700 "$data" 2>/dev/null; }; then
    refuse "$folder_unusable"
  fi
  command -v flock >/dev/null 2>&1 || refuse 'The program flock is missing, which locks the data folder. Install util-linux.'
  exec 9>"$objects/standalone.lock/process"
  # The processes of a launcher that was killed take a moment to end.
  flock -w 3 9 || refuse "$in_use"
}

# Writes the env file of a new vault. Here and not in setup.ts, because the runtime can neither create a file only if there is
# none, nor wait until it is on the disk. It must be there before anything is sealed with the keys.
write_keys() {
  [ -n "$new_keys" ] || return 0
  (set -C && printf '%s' "$new_keys" >"$env_file") 2>/dev/null || refuse "$env_file_unwritable"
  sync "$env_file" 2>/dev/null || sync
  echo "$keys_made"
}

# Notes in the env file, once, that the records of the vault are sealed: see core/settings/require-seals.ts. That it cannot be written,
# as in a container, is no failure.
remember_seals() {
  [ -n "$remember_seals" ] || return 0
  if [ -n "$has_env_file" ] && [ -f "$env_file" ] && printf '%s' "$remember_seals" 2>/dev/null >>"$env_file"; then
    sync "$env_file" 2>/dev/null || sync
    echo "$seals_remembered"
  else
    echo "$seals_not_remembered"
  fi
}

# Copies the database before an upgrade. Nothing writes to it yet, so the file and its write-ahead log are a copy together.
# Here and not in the runtime, because that cannot wait until the copy is on the disk.
copy_database() {
  rm -f "$1.partial" "$1.partial-wal"
  if [ -s "$database-wal" ]; then cp "$database-wal" "$1.partial-wal" || return 1; fi
  cp "$database" "$1.partial" && sync || return 1
  rm -f "$1-wal"
  [ ! -e "$1.partial-wal" ] || mv "$1.partial-wal" "$1-wal" || return 1
  mv "$1.partial" "$1"
}
