"""PyPI ansible with community.hashi_vault: runs ansible-playbook.yml. A verb is well if all tasks are whose names begin with it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from verbs import config, tell

here = Path(__file__).parent
not_offered = ["patch"]

with tempfile.TemporaryDirectory() as home:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": home,
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    if "ANSIBLE_COLLECTIONS_PATH" in os.environ:
        environment["ANSIBLE_COLLECTIONS_PATH"] = os.environ["ANSIBLE_COLLECTIONS_PATH"]
    ran = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", here / "ansible-playbook.yml", "-e", json.dumps(config)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
    )

try:
    plays = json.loads(ran.stdout[ran.stdout.index("{") :])["plays"]
except ValueError:
    sys.exit(f"{ran.stdout}\n{ran.stderr}")

outcomes = {}
for play in plays:
    for task in play["tasks"]:
        name = task["task"]["name"].split(":")[0]
        result = task["hosts"]["localhost"]
        wanted = not result.get("failed", False)
        note = "" if wanted else f"{task['task']['name']}: {result.get('msg')} {result.get('exception', '')}"[:1500]
        outcomes[name] = outcomes.get(name) or note

for name, note in outcomes.items():
    tell(name, "failed" if note else "ok", note)
for name in not_offered:
    tell(name, "not offered")
