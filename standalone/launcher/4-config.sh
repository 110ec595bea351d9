# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- The config: constants from keystore.capnp, and here what is known only now. Values are files that the config embeds;
# the folder is private, in memory where there is such a place, and gone as soon as the runtime has read it.

make_run_folder() {
  for base in /dev/shm "${TMPDIR:-/tmp}" "$data"; do
    sweep "$base"
    run=$base/keystore-run.$$.$(random_key | head -c 12)
    mkdir -m 700 "$run" 2>/dev/null && break
  done
  [ -d "$run" ] || refuse 'No folder for temporary files could be made. Name one with TMPDIR.'
}

# Removes what launchers left that were killed together with all they had started.
sweep() {
  for old in "$1"/keystore-run.[0-9]*.????????????; do
    if [ ! -d "$old" ] || [ ! -O "$old" ]; then continue; fi
    owner=${old##*/keystore-run.}
    # A runtime that still lives has a leash, which is about to end it.
    is_alive "${owner%%.*}" || is_alive "$(cat "$old/pid" 2>/dev/null)" || rm -rf "$old"
  done
}

is_alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

write_config() {
  for name in $variables; do
    lookup "$name"
    printf %s "$value" >"$run/$name"
  done
  # They may have been made a moment ago.
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
    for name in $variables KNOWN_VAULT; do
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
    *[!0-9a-fA-F:.]*) this_machine ;;
    *:*) echo "[$host]:$port" ;;
    *[!0-9.]* | '') this_machine ;;
    *) echo "$host:$port" ;;
  esac
}

this_machine() {
  echo "127.0.0.1:$port"
  if [ "$port" -ne 0 ] && grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6 2>/dev/null; then echo "[::1]:$port"; fi
}
