#!/bin/sh
# Starts a node of the cluster from where it left off: `start.sh SERVER OPTION...`.
# GALERA_DATA is its data folder; GALERA_SHARED a folder that all nodes see, which remembers that the cluster was begun.
set -eu
data=${GALERA_DATA:-/var/lib/mysql}
shared=${GALERA_SHARED:-/shared}

# The image starts as root.
if [ "$(id -u)" = 0 ] && command -v gosu >/dev/null; then exec gosu mysql "$0" "$@"; fi

if [ ! -s "$data/grastate.dat" ]; then
  # A new node. The first one ever begins the cluster and makes its data; all others, then and later, get theirs from the cluster.
  mkdir "$shared/begun" 2>/dev/null || exec "$@"
  if command -v docker-entrypoint.sh >/dev/null; then set -- docker-entrypoint.sh "$@"; fi
  exec "$@" --wsrep-new-cluster
fi

# The last one to leave in good order lacks nothing that the others have. Of nodes that died, Galera finds that out by itself.
if grep -q '^safe_to_bootstrap: 1' "$data/grastate.dat"; then exec "$@" --wsrep-new-cluster; fi

# One that died does not say where its data ends. Known, it gets what it has missed instead of everything.
if grep -q '^seqno: *-1' "$data/grastate.dat"; then
  position=$("$@" --wsrep-recover 2>&1 | sed -n 's/.*WSREP: Recovered position: *//p' | tail -n 1)
  [ -z "$position" ] || set -- "$@" --wsrep-start-position="$position"
fi
exec "$@"
