#!/bin/sh
# Starts a node of the cluster over its data: `start.sh SERVER OPTION...`.
# GALERA_DATA is its data folder. GALERA_SHARED is a folder that all nodes share. It remembers that the
# cluster was begun.
set -eu
data=${GALERA_DATA:-/var/lib/mysql}
shared=${GALERA_SHARED:-/shared}

# The image starts as root.
if [ "$(id -u)" = 0 ] && command -v gosu >/dev/null; then exec gosu mysql "$0" "$@"; fi

if [ ! -s "$data/grastate.dat" ]; then
  # A new node. The very first node begins the cluster and initializes the data. All others get their
  # data from the cluster.
  mkdir "$shared/begun" 2>/dev/null || exec "$@"
  if command -v docker-entrypoint.sh >/dev/null; then set -- docker-entrypoint.sh "$@"; fi
  exec "$@" --wsrep-new-cluster
fi

# The last node that was stopped cleanly has all transactions. After crashes, Galera determines the
# most recent node.
if grep -q '^safe_to_bootstrap: 1' "$data/grastate.dat"; then exec "$@" --wsrep-new-cluster; fi

# A crashed node has not recorded its position. With the position it gets only what it missed.
if grep -q '^seqno: *-1' "$data/grastate.dat"; then
  position=$("$@" --wsrep-recover 2>&1 | sed -n 's/.*WSREP: Recovered position: *//p' | tail -n 1)
  [ -z "$position" ] || set -- "$@" --wsrep-start-position="$position"
fi
exec "$@"
