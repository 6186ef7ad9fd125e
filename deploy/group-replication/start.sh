#!/bin/sh
# Starts a node of the group over its data: `start.sh SERVER OPTION...`.
# GROUP_DATA is its data folder. GROUP_SHARED is a folder that all nodes share. It remembers that the
# group was begun.
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
  # A new node, or a node that was stopped while it initialized its data.
  rm -rf "${data:?}"/*
  sed "/^--/d; s/PASSWORD/$password/" "$users" >"$statements"
  "$@" --initialize-insecure --init-file="$statements"
  # The very first node begins the group. All others join it, and so does the first node later.
  if mkdir "$shared/begun" 2>/dev/null; then touch "$data/.begin"; fi
  touch "$data/.complete"
fi

cat >"$statements" <<SQL
CHANGE REPLICATION SOURCE TO SOURCE_USER='recovery', SOURCE_PASSWORD='$password' FOR CHANNEL 'group_replication_recovery';
SQL
set -- "$@" --init-file="$statements"

# The operator also makes this file, on the node with the most transactions, when the group has no
# node left, see docs/guides/run-on-a-cluster.md.
[ -e "$data/.begin" ] || exec "$@"
rm "$data/.begin"

# The option is reset at once, since every later start of replication would begin another group.
sql() { MYSQL_PWD=$password $client -NBe "$1" 2>/dev/null; }
online="SELECT 1 FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid AND MEMBER_STATE = 'ONLINE'"
if [ -n "$client" ]; then
  (
    until [ -n "$(sql "$online")" ]; do sleep 1; done
    sql 'SET GLOBAL group_replication_bootstrap_group = OFF'
  ) &
fi
exec "$@" --loose-group-replication-bootstrap-group=ON
