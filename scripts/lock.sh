#!/usr/bin/env bash
# Writes both lock files (needs uv). The demo's lock is a subset of the developers' one.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-strip-extras --custom-compile-command "scripts/lock.sh" --quiet "$@"
}
compile --extra all --group dev --output-file requirements-dev.lock "${@}"
compile --extra detect --extra train --extra prove --group build --constraints requirements-dev.lock \
  --output-file requirements.lock
