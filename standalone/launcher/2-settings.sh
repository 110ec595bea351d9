# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
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
  case $port in *[!0-9]* | ??????* | 6553[6-9] | 655[4-9]? | 65[6-9]?? | 6[6-9]??? | [7-9]????) refuse "PORT is \"$port\". Set it to a number up to 65535, or leave it out for 5000." ;; esac
  lookup HOST && host=$value
  lookup TLS_CERT && tls_cert=$value
  lookup TLS_KEY && tls_key=$value
  [ -z "$tls_cert" ] && [ -n "$tls_key" ] && refuse 'TLS_KEY is set and TLS_CERT is not. Set both, or neither.'
  [ -n "$tls_cert" ] && [ -z "$tls_key" ] && refuse 'TLS_CERT is set and TLS_KEY is not. Set both, or neither.'
  for path in "$tls_cert" "$tls_key"; do
    if [ -n "$path" ] && [ ! -r "$path" ]; then refuse "$path could not be read. Check TLS_CERT and TLS_KEY."; fi
  done
  database=$data/v3/d1/miniflare-D1DatabaseObject/@DATABASE_FILE@
  marker=$data/vault.json
}
