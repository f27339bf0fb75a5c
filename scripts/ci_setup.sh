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
command -v redis-server > /dev/null || missing+=(redis-server) # Celery's broker, of the tests' own
command -v chromium > /dev/null || missing+=(chromium)         # the audit pages in a browser,
command -v chromedriver > /dev/null || missing+=(chromium-driver)      # and what drives it
command -v java > /dev/null || missing+=(default-jre-headless) # Spark
if ! command -v postgres > /dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; then
  missing+=(postgresql)   # the ledger in a database; the tests start a server of their own
fi
if ((${#missing[@]})); then
  apt-get update -qq
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    # Debian would start a server with a cluster that nobody needs.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-common
    sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
