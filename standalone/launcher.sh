#!/bin/sh
# Keystore as one file: this script, and behind it the runtime (workerd) with everything it runs. Needs a glibc Linux and a
# POSIX shell. `npm run build:standalone` makes it out of standalone/.
set -u
umask 077

usage() {
  cat <<'EOF'
Usage: keystore            Runs the vault until Ctrl-C or SIGTERM.
       keystore health     Ends with 0 if the vault of this data folder answers that it is healthy.
       keystore unpack DIR Writes the parts into a new folder; DIR/keystore then starts without unpacking.

It reads .env in the current folder (KEYSTORE_ENV names another file) and the environment, which goes first:
SECRET_KEY, ENCRYPTION_KEY, RETIRED_ENCRYPTION_KEYS, ADMIN_PASSWORD, JWT_EXPIRY_HOURS, CORS_ORIGINS, or the same with _FILE
for a file that holds the value; KEYSTORE_DATA (data), PORT (5000), HOST (localhost), TRUSTED_PROXIES, TLS_CERT and TLS_KEY
(PEM files), KEYSTORE_CACHE (where the runtime is unpacked).
EOF
}

refuse() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

# --- The parts behind this script, as name:first byte:size. Filled in by the build; empty where they lie beside it.
parts='@PARTS@'
build='@BUILD@'

# Writes the parts into a folder; fails unless all are whole.
unpack() {
  mkdir -p "$1" || return 1
  for part in $parts; do
    size=${part##*:} offset=${part%:*}
    name=${offset%%:*} offset=${offset#*:}
    tail -c "+$offset" "$self" | head -c "$size" >"$1/$name" || return 1
    [ "$(wc -c <"$1/$name")" -eq "$size" ] || return 1
  done
  chmod 755 "$1/workerd"
}

# Finds or makes the folder with the parts. Only what this user owns is trusted to be run.
find_runtime() {
  runtime=$(dirname "$self")
  if [ -z "$parts" ]; then return; fi
  for base in "${KEYSTORE_CACHE:-}" "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" "$data"; do
    [ -n "$base" ] || continue
    runtime=$base/keystore-runtime-$build
    if [ -x "$runtime/workerd" ] && [ -O "$runtime" ] && [ -O "$runtime/workerd" ]; then return; fi
    mkdir -p "$base" 2>/dev/null || continue
    fresh=$runtime.$$
    if unpack "$fresh" 2>/dev/null && "$fresh/workerd" --version >/dev/null 2>&1; then
      rm -rf "$runtime"
      if mv "$fresh" "$runtime"; then
        fresh=
        # Those of versions that nobody has unpacked lately.
        find "$base" -maxdepth 1 -name 'keystore-runtime-*' -mtime +30 -exec rm -rf {} + 2>/dev/null
        return
      fi
    fi
    rm -rf "$fresh"
    fresh=
  done
  refuse "The runtime could not be unpacked: it needs 160 MB in a folder of this user's where programs may run. Name one with KEYSTORE_CACHE."
}

# --- Settings: from the environment, else from the env file; a set but empty variable counts as not set.

# Reads one variable of the env file into $found: the last line that sets it, without quotes and comments.
from_env_file() {
  found=
  [ -f "$env_file" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line#"${line%%[![:space:]]*}"}
    line=${line#export }
    case $line in
      "$1"=* | "$1"[[:space:]]*=*) ;;
      *) continue ;;
    esac
    found=${line#*=}
    found=${found#"${found%%[![:space:]]*}"}
    case $found in
      \"*\"*) found=${found#\"} found=${found%%\"*} ;;
      \'*\'*) found=${found#\'} found=${found%%\'*} ;;
      \`*\`*) found=${found#\`} found=${found%%\`*} ;;
      *)
        found=${found%%#*}
        found=${found%"${found##*[![:space:]]}"}
        ;;
    esac
  done <"$env_file"
}

# Reads one variable, or the file that <name>_FILE names, into $value.
lookup() {
  eval "value=\${$1:-} path=\${$1_FILE:-}"
  if [ -z "$value$path" ]; then
    from_env_file "$1" && value=$found
    from_env_file "$1_FILE" && path=$found
  fi
  [ -n "$path" ] || return 0
  [ -z "$value" ] || refuse "Both $1 and $1_FILE are set. Set one of them."
  [ -r "$path" ] || refuse "$1_FILE: $path could not be read. Check that it is a file that this user may read."
  value=$(cat "$path")
  [ -n "$value" ] || refuse "$1_FILE names $path, which is empty. Put the value there."
}

read_settings() {
  env_file=${KEYSTORE_ENV:-.env}
  lookup KEYSTORE_DATA && data=${value:-data}
  case $data in /*) ;; *) data=$PWD/$data ;; esac
  lookup PORT && port=${value:-5000}
  case $port in *[!0-9]* | ??????*) refuse "PORT is \"$port\". Set it to a number up to 65535, or leave it out for 5000." ;; esac
  lookup HOST && host=$value
  lookup TLS_CERT && tls_cert=$value
  lookup TLS_KEY && tls_key=$value
  [ -z "$tls_cert" ] && [ -n "$tls_key" ] && refuse 'TLS_KEY is set and TLS_CERT is not. Set both, or neither.'
  [ -n "$tls_cert" ] && [ -z "$tls_key" ] && refuse 'TLS_CERT is set and TLS_KEY is not. Set both, or neither.'
  for path in $tls_cert $tls_key; do [ -r "$path" ] || refuse "$path could not be read. Check TLS_CERT and TLS_KEY."; done
  database=$data/v3/d1/miniflare-D1DatabaseObject/@DATABASE_FILE@
  marker=$data/vault.json
}

# --- Before the runtime starts: what must be there, and what must not.

check_data() {
  if ! mkdir -p "$data/v3/d1/standalone.lock" 2>/dev/null || ! chmod 700 "$data" 2>/dev/null; then
    refuse "The data folder $data cannot be used. Make it this user's, or set KEYSTORE_DATA."
  fi
  # Held by the runtime as well, so that nothing takes the folder while that still lives.
  exec 9>"$data/v3/d1/standalone.lock/process"
  command -v flock >/dev/null 2>&1 || refuse 'flock is missing, without which two vaults could take one folder. Install util-linux.'
  # What a launcher that was killed leaves behind takes a moment to end.
  patience=30
  until flock -n 9; do
    [ $patience -gt 0 ] || refuse "The vault in $data is in use by another process. Stop that first, or set KEYSTORE_DATA to another folder."
    patience=$((patience - 1))
    sleep 0.1
  done
  [ ! -e "$data/restore/commit.json" ] || refuse 'A restore was interrupted. Carry it out: HelperScripts/restore-data.sh --finish'
  known=
  if [ -f "$marker" ]; then
    known=yes
    [ -e "$database" ] || lost 'is missing, though this vault was in use before'
    [ -s "$database" ] || lost 'is empty, though this vault was in use before'
  fi
  if [ -s "$database" ]; then
    ! is_foreign || lost 'is not that of a vault, or is damaged'
  elif [ -s "$data/keystore.db" ]; then
    refuse "$data holds a database of v0.6, keystore.db, which has to move in first: once, by npm start, HelperScripts/build-and-run.sh or HelperScripts/restore-data.sh FILE."
  fi
}

# Asked before the runtime opens it, which sets its journal mode in whatever it opens.
is_foreign() {
  ! grep -aqF d1_migrations "$database" "$database-wal" 2>/dev/null || return 1
  [ -n "$known" ] || grep -ahoE 'CREATE (VIRTUAL )?TABLE [^ (]+' "$database" | grep -qvF _cf_
}

lost() {
  refuse "The database $database $1. Nothing was changed. Bring back a backup with HelperScripts/restore-data.sh FILE."
}

# Makes the env file for a new vault that has no keys from elsewhere.
ensure_keys() {
  lookup SECRET_KEY && secret_key=$value
  lookup ENCRYPTION_KEY && encryption_key=$value
  [ -n "$secret_key" ] && [ -n "$encryption_key" ] && return
  if [ -n "$known" ] || [ -s "$database" ]; then
    refuse "SECRET_KEY or ENCRYPTION_KEY not found, neither in $env_file nor in the environment, but $data holds a vault that was sealed with it. Bring back the .env from your backup (backups/.env_backup_*.txt); a new key could not read it."
  fi
  [ -z "$secret_key$encryption_key" ] || refuse "$env_file has only one of SECRET_KEY and ENCRYPTION_KEY. Add the other, or move the file away to have both made."
  [ ! -e "$env_file" ] || refuse "$env_file has no keys. Add SECRET_KEY and ENCRYPTION_KEY, or move the file away to have both made."
  secret_key=$(random_key) encryption_key=$(random_key)
  printf 'SECRET_KEY=%s\nENCRYPTION_KEY=%s\n' "$secret_key" "$encryption_key" >"$env_file" || refuse "$env_file could not be written."
  echo "Made $env_file with new keys. Keep a copy of it apart from the data."
}

random_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

# --- The config: constants from keystore.capnp, and here what is known only now. Values are files that the config embeds;
# the folder is private, in memory where there is such a place, and gone as soon as the runtime has read it.

make_run_folder() {
  for base in /dev/shm "${TMPDIR:-/tmp}" "$data"; do
    sweep "$base"
    run=$base/keystore.$$.$(random_key | head -c 12)
    mkdir -m 700 "$run" 2>/dev/null && break
  done
  [ -d "$run" ] || refuse 'No folder for temporary files could be made. Name one with TMPDIR.'
}

# Removes what launchers left that were killed together with all they had started.
sweep() {
  for old in "$1"/keystore.*.*; do
    if [ ! -d "$old" ] || [ ! -O "$old" ]; then continue; fi
    owner=${old##*/keystore.}
    kill -0 "${owner%%.*}" 2>/dev/null || rm -rf "$old"
  done
}

write_config() {
  for name in RETIRED_ENCRYPTION_KEYS ADMIN_PASSWORD JWT_EXPIRY_HOURS CORS_ORIGINS TRUSTED_PROXIES; do
    lookup "$name"
    printf %s "$value" >"$run/$name"
  done
  printf %s "$secret_key" >"$run/SECRET_KEY"
  printf %s "$encryption_key" >"$run/ENCRYPTION_KEY"
  printf %s "$known" >"$run/KNOWN_VAULT"
  style='http = ()'
  if [ -n "$tls_cert" ]; then
    cat "$tls_cert" >"$run/tls.crt" && cat "$tls_key" >"$run/tls.key"
    style='https = (tlsOptions = (keypair = (certificateChain = embed "tls.crt", privateKey = embed "tls.key"), minVersion = tls1Dot2))'
  fi
  {
    echo 'using Workerd = import "/workerd/workerd.capnp";'
    echo 'using Keystore = import "/keystore.capnp";'
    echo 'const config :Workerd.Config = (v8Flags = Keystore.v8Flags, services = ['
    echo '  (name = "disk", disk = (path = "/nowhere", writable = true)),'
    echo '  (name = "nothing", network = (allow = [])),'
    echo '  (name = "vault", worker = (modules = Keystore.modules, compatibilityDate = Keystore.compatibilityDate,'
    echo '    durableObjectNamespaces = Keystore.objects, durableObjectStorage = (localDisk = "disk"), globalOutbound = "nothing",'
    echo '    bindings = [(name = "DATABASE", durableObjectNamespace = "VaultDatabase"), (name = "LOCK", durableObjectNamespace = "FolderLock"),'
    echo '      (name = "DATABASE_ID", text = Keystore.databaseId),'
    for name in SECRET_KEY ENCRYPTION_KEY RETIRED_ENCRYPTION_KEYS ADMIN_PASSWORD JWT_EXPIRY_HOURS CORS_ORIGINS TRUSTED_PROXIES KNOWN_VAULT; do
      echo "      (name = \"$name\", text = embed \"$name\"),"
    done
    echo '    ]))], sockets = ['
    echo '  (name = "control", address = "127.0.0.1:0", http = (), service = (name = "vault", entrypoint = "control")),'
    sockets=1
    for address in $(addresses); do
      echo "  (name = \"$address\", address = \"$address\", $style, service = \"vault\"),"
      sockets=$((sockets + 1))
    done
    echo ']);'
  } >"$run/run.capnp"
}

# "localhost" is either address, depending on who resolves it. What is no address is no HOST of ours: some shells export one.
addresses() {
  case $host in
    *[!0-9a-fA-F:.]* | '')
      echo "127.0.0.1:$port"
      if [ "$port" -ne 0 ] && grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6 2>/dev/null; then echo "[::1]:$port"; fi
      ;;
    *:*) echo "[$host]:$port" ;;
    *) echo "$host:$port" ;;
  esac
}

# --- A GET to a loopback port, with whatever this machine has. Prints status and body; fails if it has nothing.

ask() {
  if command -v bash >/dev/null 2>&1; then
    bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3 && cat <&3' - "$1" "$2" 2>/dev/null
  elif command -v curl >/dev/null 2>&1; then
    curl -s -i -m 60 "http://127.0.0.1:$1$2"
  elif command -v perl >/dev/null 2>&1; then
    perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1; print $s "GET $ARGV[1] HTTP/1.0\r\nHost: localhost\r\n\r\n"; print <$s>' "$1" "$2"
  else
    wget -q -S -O - "http://127.0.0.1:$1$2" 2>&1
  fi
}

# --- Running.

# Starts what ends the runtime and removes the run folder when this script is gone, in whatever way: nobody writes to the
# pipe then, and it closes. It is there before any secret is written.
start_leash() {
  mkfifo "$run/alive"
  exec 8<>"$run/alive"
  leash <"$run/alive" &
}

leash() {
  # Not as a redirection of the call: a shell keeps what that closes, to bring it back.
  exec 8>&- 9>&-
  trap '' TERM INT HUP
  read -r _
  if [ -f "$run/pid" ]; then kill -KILL "$(cat "$run/pid")" 2>/dev/null; fi
  rm -rf "$run"
}

start() {
  : >"$run/listening"
  mkfifo "$run/said"
  relay <"$run/said" >&2 &
  # The leash knows the process before it runs.
  # shellcheck disable=SC2016
  sh -c 'echo $$ >"$1/pid" && shift && exec "$@"' keystore "$run" \
    "$runtime/workerd" serve -I "$runtime" --directory-path "disk=$data/v3/d1" --control-fd=3 "$run/run.capnp" \
    3>"$run/listening" 2>"$run/said" 8>&- &
  pid=$!
  trap 'stop' TERM INT HUP
  until [ "$(grep -c '"event":"listen"' "$run/listening")" -ge "$sockets" ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      sleep 0.1
      [ ! -e "$run/taken" ] || refuse "Port $port is taken. Stop what uses it, or choose another: PORT=$((port + 1)) ./keystore"
      fail 'The runtime did not start; the lines above say why.'
    fi
    sleep 0.02
  done
  control=$(port_of control)
  case $port in 0) port=$(port_of "$(addresses)") ;; esac
}

# Passes on what the runtime says on its standard error.
relay() {
  exec 8>&- 9>&-
  while IFS= read -r line; do
    case $line in
      *'ddress already in use'*) : >"$run/taken" ;;
      stack:*) ;;
      *) printf 'worker: %s\n' "$line" ;;
    esac
  done
}

port_of() { sed -n "s/.*\"socket\":\"$1\",\"port\":\\([0-9]*\\).*/\\1/p" "$run/listening"; }

# shellcheck disable=SC2317 # The trap calls it.
stop() {
  [ -n "${stopping:-}" ] || echo 'Stopping.'
  stopping=yes
  kill -TERM "$pid" 2>/dev/null
}

# Waits for the end of the runtime. Once it was told to stop, requests under way may end for 3 s.
await_end() {
  patience=30
  while kill -0 "$pid" 2>/dev/null; do
    if [ -z "${stopping:-}" ]; then
      wait "$pid"
    else
      [ "$patience" -gt 0 ] || kill -KILL "$pid" 2>/dev/null
      patience=$((patience - 1))
      sleep 0.1
    fi
  done
}

bring_up() {
  tell up
  case $up in
    *'"upgrade":"'*)
      copy_before_upgrade
      tell upgrade
      ;;
  esac
  healthy=$(ask "$control" /serve)
  case $healthy in
    'HTTP/1.'?' 200'*) ;;
    *) fail "The vault is not healthy: $(printf '%s\n' "$healthy" | tail -n 1)" ;;
  esac
  printf '%s' "$control" >"$data/v3/d1/standalone.lock/port"
  if [ -z "$known" ]; then
    printf '{"format":1,"created":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >"$marker.partial" && mv "$marker.partial" "$marker"
  fi
}

# Has the runtime do something, and keeps its answer in $up; ends if that is a refusal.
tell() {
  up=$(ask "$control" "/$1" | tr -d '\r')
  case $up in
    'HTTP/1.'?' 200'*) ;;
    *) fail "$(printf '%s\n' "$up" | tail -n 1)" ;;
  esac
}

# Nobody writes yet: the database and what is written ahead of it are a copy as they lie there.
copy_before_upgrade() {
  copy=${up##*'"upgrade":"'}
  copy=$data/before-upgrade-${copy%%'"'*}.db
  rm -f "$copy" "$copy-wal"
  if ! { { [ ! -s "$database-wal" ] || cp "$database-wal" "$copy-wal"; } && cp "$database" "$copy.partial" && sync && mv "$copy.partial" "$copy"; }; then
    rm -f "$copy.partial" "$copy-wal"
    fail "The database could not be copied to $copy before it is upgraded. Nothing was changed. Make room for it in $data."
  fi
  echo "What it held before is in $copy."
}

# Ends a start that went wrong, or that somebody stopped.
fail() {
  kill -KILL "$pid" 2>/dev/null
  [ -z "${stopping:-}" ] || exit 0
  refuse "$1"
}

welcome() {
  scheme=http
  [ -z "$tls_cert" ] || scheme=https
  printf '\nKeystore is up: %s://localhost:%s\n' "$scheme" "$port"
  case $up in
    *'"isNew":true'*)
      lookup ADMIN_PASSWORD
      if [ -n "$value" ]; then echo 'Sign in as admin with the password that ADMIN_PASSWORD sets.'
      else echo 'Sign in as admin / admin123 or user / user123, and change both passwords.'; fi ;;
    *) echo 'Sign in with your account.' ;;
  esac
  case $(addresses) in
    127.*) echo 'Only this machine can reach it; HOST=0.0.0.0 opens it to your network.' ;;
    *) [ -n "$tls_cert" ] || echo "Whoever reaches $host can reach it, unencrypted: put TLS in front, or set TLS_CERT and TLS_KEY, and change default passwords first." ;;
  esac
  printf 'Ctrl-C stops it.\n\n'
}

serve() {
  run='' fresh=''
  trap '[ -z "$run$fresh" ] || rm -rf "$run" "$fresh"' EXIT
  trap 'exit 0' TERM INT HUP
  read_settings
  check_data
  ensure_keys
  find_runtime
  make_run_folder
  start_leash
  write_config
  unset SECRET_KEY ENCRYPTION_KEY RETIRED_ENCRYPTION_KEYS ADMIN_PASSWORD
  start
  rm -f "$run"/[A-Z]* "$run"/tls.* "$run/run.capnp"
  bring_up
  welcome
  await_end
  [ -n "${stopping:-}" ] || refuse 'The runtime has ended by itself.'
  exit 0
}

self=$(command -v -- "$0") && case $self in /*) ;; *) self=$PWD/$self ;; esac
case ${1:-} in
  '') serve ;;
  health)
    read_settings
    control=$(cat "$data/v3/d1/standalone.lock/port" 2>/dev/null) || refuse 'No vault runs in this data folder.'
    case $(ask "$control" /health) in 'HTTP/1.'?' 200'*) exit 0 ;; *) refuse 'The vault is not healthy.' ;; esac
    ;;
  unpack)
    if [ $# -ne 2 ] || [ -z "$parts" ]; then refuse 'Say where to: keystore unpack DIR'; fi
    unpack "$2" || refuse "$2 could not be written."
    sed "s/^parts=.*/parts=/; /^exit # parts follow/q" "$self" >"$2/keystore" && chmod 755 "$2/keystore"
    ;;
  -h | --help | help) usage ;;
  *) usage >&2 && exit 2 ;;
esac
exit # parts follow
