#!/usr/bin/env bash
# Makes .venv from a lock file, or does nothing if it is up to date.
#
#   scripts/venv.sh demo      what `make demo` needs     (requirements.lock)
#   scripts/venv.sh dev       everything, with Airflow   (requirements-dev.lock, a superset)
#
# Plain pip does; uv is used where it is installed, because it is faster.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

stamp() { # the locks and everything that the project's own installation depends on
  cat "$1" pyproject.toml redactory/__init__.py | sha256sum | cut -c1-64
}
lock_of() {
  case $1 in
    demo) echo requirements.lock ;;
    dev) echo requirements-dev.lock ;;
    *) echo "usage: scripts/venv.sh demo|dev" >&2; exit 2 ;;
  esac
}
is_current() {
  [[ -x $venv/bin/python && -f $venv/.installed-$1 ]] \
    && [[ $(cat "$venv/.installed-$1") == "$(stamp "$(lock_of "$1")")" ]]
}

lock=$(lock_of "$1")
if is_current dev || is_current "$1"; then
  exit 0
fi

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2> /dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "error: Python 3.11, 3.12 or 3.13 is needed (set PYTHON to name one)" >&2
  exit 1
}

if [[ ! -x $venv/bin/python ]]; then
  python=$(find_python)
  "$python" -m venv "$venv" || {
    echo "error: $python cannot make a virtual environment; on Debian install python3-venv" >&2
    exit 1
  }
fi
echo "Installing $lock into $venv (once; a few minutes with pip, less with uv)"
rm -f "$venv"/.installed-*
if command -v uv > /dev/null; then
  export VIRTUAL_ENV="$PWD/$venv"
  uv pip install --quiet --require-hashes -r "$lock"
  uv pip install --quiet --no-deps --no-build-isolation -e .
else
  pip=("$venv/bin/python" -m pip --disable-pip-version-check install --quiet)
  "${pip[@]}" --require-hashes -r "$lock"
  "${pip[@]}" --no-deps --no-build-isolation -e .
fi
stamp "$lock" > "$venv/.installed-$1"
