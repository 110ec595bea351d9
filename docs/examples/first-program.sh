#!/bin/sh
# From an empty folder to a program with its keys: a project, an imported .env, a service token, `keystore run`.
#
#   KEYSTORE_URL=http://localhost:5000 KEYSTORE_USER=alice KEYSTORE_PASSWORD=... sh first-program.sh
#
# Needs curl and Node.js 20. The project is called shop, or what PROJECT says; it must not exist yet.
set -eu

url=${KEYSTORE_URL:-http://localhost:5000}
project=${PROJECT:-shop}

say() { printf '\n$ %s\n' "$1"; }

say 'curl the command line from the vault, and compare its checksum'
curl -fsS -O "$url/cli/keystore.mjs"
curl -fsS "$url/cli/keystore.mjs.sha256" | sha256sum --check
keystore() { node keystore.mjs "$@"; }

say 'keystore login'
# A home of its own, so that your sign-in elsewhere stays as it is.
XDG_CONFIG_HOME=$PWD/.config
export XDG_CONFIG_HOME
printf '%s\n' "$KEYSTORE_PASSWORD" | keystore login "$url" --user "$KEYSTORE_USER" --password-stdin
unset KEYSTORE_PASSWORD

say "keystore projects create $project"
keystore projects create "$project"

say "keystore import .env --to $project/prod --yes"
cat >.env <<'END'
DATABASE_URL="postgres://shop:p@ss word@db/shop"
STRIPE_KEY=sk-example-4eC39HqLyjWD
END
keystore import .env --to "$project/prod" --yes
# They are in the vault now.
rm .env

say "keystore tokens create web --project $project --scope '$project/prod/*' --expires-in-days 90 --out token"
keystore tokens create web --project "$project" --scope "$project/prod/*" --expires-in-days 90 --out token
keystore logout

say "keystore run $project/prod -- node program.mjs      (with the service token, and nobody signed in)"
cat >program.mjs <<'END'
const { DATABASE_URL, STRIPE_KEY, KEYSTORE_TOKEN } = process.env;
console.log(`a database URL of ${DATABASE_URL?.length} characters, a Stripe key that begins with ${STRIPE_KEY?.slice(0, 3)}`);
console.log(`its own token: ${KEYSTORE_TOKEN ?? 'not in its environment'}`);
console.log(`printed by mistake: ${STRIPE_KEY}`);
END
KEYSTORE_URL=$url KEYSTORE_TOKEN_FILE=$PWD/token keystore run "$project/prod" -- node program.mjs

say "keystore ls      (what the token reaches)"
KEYSTORE_URL=$url KEYSTORE_TOKEN_FILE=$PWD/token keystore ls
