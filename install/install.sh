#!/usr/bin/env bash
# install.sh PYTHON FOLDER [EXTRAS]: reconciler in a new virtual environment, made from this checkout and from the
# packages of requirements-run.lock alone, and of requirements-EXTRA.lock beside this script for each extra asked for.
# Nothing of the working directory is imported (-I), nothing is built from a download.
set -euo pipefail
python=$1 folder=$2 extras=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
source=${here%/*}
more=()
for extra in ${extras//,/ }; do
  [ "$extra" != postgres ] || continue # requirements-run.lock has it: a ledger's address may be known to the next step alone
  if [[ ! $extra =~ ^[a-z]+$ ]] || [ ! -f "$here/requirements-$extra.lock" ]; then
    echo "reconciler has no extra '${extra//[^[:alnum:]._-]/?}': there are postgres, fleet, rules and sim" >&2
    exit 1
  fi
  more+=(--requirement "$here/requirements-$extra.lock")
done
"$python" -I -m venv "$folder"
install=("$folder/bin/python" -I -m pip --disable-pip-version-check install --quiet)
"${install[@]}" --require-hashes --only-binary :all: --requirement "$source/requirements-run.lock" ${more[@]+"${more[@]}"}
"${install[@]}" --no-deps --no-build-isolation --no-index "$source"
