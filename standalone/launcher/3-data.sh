# shellcheck shell=sh disable=SC2034,SC2154 # One of the files that make one script.
# --- Before the runtime starts: what must be there, and what must not.

check_data() {
  if [ ! -s "$database" ] && [ -s "$data/keystore.db" ]; then
    refuse "$data holds a database of v0.6, keystore.db, which has to move in first: once, by npm start, HelperScripts/build-and-run.sh or HelperScripts/restore-data.sh FILE."
  fi
  # A volume that belongs to another user will do if it lets us write.
  if ! mkdir -p "$data/v3/d1/standalone.lock" 2>/dev/null || { [ -O "$data" ] && ! chmod 700 "$data" 2>/dev/null; }; then
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
  # With noclobber: what another start makes at this moment is not overwritten. On disk before anything is sealed with it.
  (set -C && printf 'SECRET_KEY=%s\nENCRYPTION_KEY=%s\n' "$secret_key" "$encryption_key" >"$env_file") 2>/dev/null ||
    refuse "$env_file could not be written. Check its folder, and start again."
  sync "$env_file" 2>/dev/null || sync
  echo "Made $env_file with new keys. Keep a copy of it apart from the data."
}

random_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

copy_database() {
  rm -f "$1.partial" "$1.partial-wal"
  if [ -s "$database-wal" ]; then cp "$database-wal" "$1.partial-wal" || return 1; fi
  cp "$database" "$1.partial" && sync || return 1
  rm -f "$1-wal"
  [ ! -e "$1.partial-wal" ] || mv "$1.partial-wal" "$1-wal" || return 1
  mv "$1.partial" "$1"
}

# Nobody writes yet: the database and what is written ahead of it are a copy as they lie there.
copy_before_upgrade() {
  copy=${up##*'"upgrade":"'}
  copy=$data/before-upgrade-${copy%%'"'*}.db
  if ! copy_database "$copy"; then
    rm -f "$copy.partial" "$copy.partial-wal"
    fail "The database could not be copied to $copy before it is upgraded. Nothing was changed. Make room for it in $data."
  fi
  echo "What it held before is in $copy."
}
