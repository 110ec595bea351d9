#!/usr/bin/env bash
# Starts the yardstick on 127.0.0.1:PORT under gunicorn with two workers, in the foreground; prints its token first. What it
# needs is installed at its first start, with pip: into the folder YARDSTICK_VENV, by default dist/yardstick.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
port=${1:?usage: run.sh PORT}
venv=${YARDSTICK_VENV:-$here/../../dist/yardstick}
if [ ! -x "$venv/bin/gunicorn" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check \
    Flask==2.3.3 Werkzeug==2.3.7 PyJWT==2.8.0 cryptography==41.0.7 gunicorn==21.2.0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export YARDSTICK_DB=$work/yardstick.db YARDSTICK_SECRET=yardstick-secret-of-32-bytes-or-more PYTHONDONTWRITEBYTECODE=1
YARDSTICK_KEY=$("$venv/bin/python" -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')
export YARDSTICK_KEY
cd "$here"
"$venv/bin/python" -c 'import app; app.prepare()'
"$venv/bin/python" -c 'import jwt, os, time; print(jwt.encode({"user_id": 1, "exp": int(time.time()) + 86400}, os.environ["YARDSTICK_SECRET"]))'
"$venv/bin/gunicorn" -w 2 -b "127.0.0.1:$port" --log-level warning app:app &
pid=$!
trap 'kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT TERM INT
wait "$pid"
