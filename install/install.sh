#!/usr/bin/env bash
# install.sh PYTHON FOLDER: reconciler in a new virtual environment, made from this checkout and from the packages of
# requirements-run.lock alone. Nothing of the working directory is imported (-I), nothing is built from a download.
set -euo pipefail
python=$1 folder=$2
source=$(cd "$(dirname "$0")/.." && pwd)
"$python" -I -m venv "$folder"
install=("$folder/bin/python" -I -m pip --disable-pip-version-check install --quiet)
"${install[@]}" --require-hashes --only-binary :all: --requirement "$source/requirements-run.lock"
"${install[@]}" --no-deps --no-build-isolation --no-index "$source"
