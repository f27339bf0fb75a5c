#!/usr/bin/env bash
# System packages that tests use, for a CI machine only: .ci/run calls this, nothing else does.
set -euo pipefail
missing=()
command -v openssl > /dev/null || missing+=(openssl)   # reads the key files we write
command -v git > /dev/null || missing+=(git)           # the tree-hygiene tests list tracked files
python3.11 -c 'import ensurepip' 2> /dev/null || python3 -c 'import ensurepip' 2> /dev/null \
  || missing+=(python3-venv)
command -v softhsm2-util > /dev/null || missing+=(softhsm2)    # a PKCS #11 token without OAEP-SHA256,
[[ -x /usr/sbin/pkcsslotd ]] || missing+=(opencryptoki)        # and one with it
command -v age > /dev/null || missing+=(age)                   # a peer in benchmarks/sealing.py
if ((${#missing[@]})); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
