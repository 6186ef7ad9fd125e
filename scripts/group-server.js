import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The server that the tests on Group Replication need, in words for messages. */
export const GROUP_SERVER = "MySQL's own mysqld with group_replication.so, on the PATH or in MYSQL_BIN";

/**
 * Returns the path of a MySQL server with Group Replication. MariaDB has a `mysqld` without it.
 * @returns {string | undefined}
 */
export function findGroupServer() {
  const named = process.env['MYSQL_BIN'];
  if (named) return hasGroupReplication(named) ? named : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'mysqld')).find((path) => existsSync(path) && hasGroupReplication(path));
}

/** @param {string} mysqld */
function hasGroupReplication(mysqld) {
  const { stdout } = spawnSync(mysqld, ['--no-defaults', '--verbose', '--help'], { encoding: 'utf8' });
  const folder = /^plugin-dir\s+(.*)$/m.exec(stdout ?? '')?.[1];
  return folder !== undefined && existsSync(join(folder, 'group_replication.so'));
}
