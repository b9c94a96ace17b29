#!/usr/bin/env bash
# As a stranger would: a wheel, its locked dependencies in an empty environment, an empty folder, one
# athlete of the demo. Usage: scripts/try_wheel.sh   (PYTHON=python3.12 for another Python)
set -euo pipefail
cd "$(dirname "$0")/.."

top=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=${PYTHON:-python3}

make PYTHON="$python" dist
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --constraint constraints.txt "$(echo dist/*.whl)[slurm]"

mkdir "$folder/empty"
cd "$folder/empty"
unset PYTHONPATH
export PATH="$folder/venv/bin:$PATH"
aqbio new demo --demo
for sheet in participants trials; do
  grep -E '^(participant_id|V01)' "$top/data/virtual_sprinters/$sheet.tsv" >"demo/$sheet.tsv"
done
aqbio check demo
aqbio run demo --profile slurm --dry-run >/dev/null
aqbio run demo --strict
aqbio verify demo
