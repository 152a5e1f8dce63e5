#!/bin/sh
# Builds or updates the virtual environment from a hashed lock: venv.sh PYTHON VENV LOCK
#
# Works without the venv extras some distributions split off (no ensurepip): the environment is made
# without pip and filled by the pip of the machine through its --python option (pip 22.3 or newer).
set -eu
python=$1 venv=$2 lock=$3

fail() { echo "set-up: $1" >&2; exit 1; }

command -v "$python" >/dev/null || fail "$python not found; install Python 3.11 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is older than 3.11"
"$python" -m pip --version >/dev/null 2>&1 || fail "$python has no pip; install pip (Debian: apt install python3-pip)"

if [ ! -x "$venv/bin/python" ]; then
  echo "set-up: making $venv"
  "$python" -m venv --without-pip "$venv" || fail "cannot make $venv"
fi
echo "set-up: installing from $lock"
"$python" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check \
  --require-hashes --only-binary :all: -r "$lock" || fail "cannot install $lock"
# hatchling builds the package itself; its own requirements are in the lock, so nothing is fetched unpinned.
"$python" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation --editable . || fail "cannot install photoplay"
