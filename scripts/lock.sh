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

# What is locked with extras is locked without them too: the pip that comes with Python 3.11 takes
# the two for different requirements, and refuses what has no hash of its own.
python3 - requirements-dev.lock requirements.lock <<'PYTHON'
import pathlib
import re
import sys

for name in sys.argv[1:]:
    lock = pathlib.Path(name)
    text = lock.read_text(encoding="utf-8")
    entry = re.compile(r"^([a-z0-9.-]+)\[[^]]*\](==.*\n(?:    --hash.*\n)+)", re.MULTILINE)
    lock.write_text(entry.sub(r"\1\2\g<0>", text), encoding="utf-8")
PYTHON
