#!/bin/sh
# Usage: follow-npm.sh NPM VAULT
# Ends the vault when npm has ended: npm passes on SIGTERM and SIGINT, but no other signal. box/commands/start.ts does the same
# for itself. Both are process ids. `npm run start:standalone` starts it, beside a vault that knows nothing of npm.
exec </dev/null >/dev/null 2>&1
trap '' HUP INT
while kill -0 "$1" && kill -0 "$2"; do sleep 1; done
kill -TERM "$2"
