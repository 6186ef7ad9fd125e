#!/bin/sh
# Starts a node of the group, over the data that it has: `start.sh SERVER OPTION...`.
# GROUP_DATA is the node's data folder. GROUP_SHARED is a folder that all nodes see, which remembers that the group was begun.
# GROUP_PASSWORD_FILE holds the password of the users in GROUP_USERS. GROUP_CLIENT logs in to the server as root.
set -eu
data=${GROUP_DATA:-/var/lib/mysql}
shared=${GROUP_SHARED:-/shared}
users=${GROUP_USERS:-/group/users.sql}
client=${GROUP_CLIENT-mysql -uroot}

# The image starts as root.
if [ "$(id -u)" = 0 ] && command -v gosu >/dev/null; then exec gosu mysql "$0" "$@"; fi

umask 077
password=$(cat "${GROUP_PASSWORD_FILE:-/secrets/mysql-password}")
statements=$(mktemp)

if [ ! -e "$data/.complete" ]; then
  # A new node, or one that was stopped while it made its data.
  rm -rf "${data:?}"/*
  sed "/^--/d; s/PASSWORD/$password/" "$users" >"$statements"
  "$@" --initialize-insecure --init-file="$statements"
  # The first node ever begins the group. All others join it, then and later, and so does the first one.
  if mkdir "$shared/begun" 2>/dev/null; then touch "$data/.begin"; fi
  touch "$data/.complete"
fi

cat >"$statements" <<SQL
CHANGE REPLICATION SOURCE TO SOURCE_USER='recovery', SOURCE_PASSWORD='$password' FOR CHANNEL 'group_replication_recovery';
SQL
set -- "$@" --init-file="$statements"

# The operator makes this file too, at the node that knows the most, when no node is left in the group; see README.md.
[ -e "$data/.begin" ] || exec "$@"
rm "$data/.begin"

# The server would begin another group whenever somebody stops and starts its replication, so the option is taken back at once.
sql() { MYSQL_PWD=$password $client -NBe "$1" 2>/dev/null; }
online="SELECT 1 FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid AND MEMBER_STATE = 'ONLINE'"
if [ -n "$client" ]; then
  (
    until [ -n "$(sql "$online")" ]; do sleep 1; done
    sql 'SET GLOBAL group_replication_bootstrap_group = OFF'
  ) &
fi
exec "$@" --loose-group-replication-bootstrap-group=ON
