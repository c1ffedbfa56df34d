#!/usr/bin/env bash
# pricebook as it is at the commit of this action, in an environment of its own: never from what is being looked at.
set -euo pipefail

python=python3
for found in python3.13 python3.12 python3.11 python3; do
    if command -v "$found" >/dev/null && "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$found
        break
    fi
done
venv="$RUNNER_TEMP/pricebook-venv"
# -I: nothing is imported from the directory in which the job happens to stand.
"$python" -I -m venv "$venv"
pip=("$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"${pip[@]}" --require-hashes --only-binary :all: --requirement "$here/requirements.txt"
"${pip[@]}" --no-deps --no-build-isolation "$here/../../.."
