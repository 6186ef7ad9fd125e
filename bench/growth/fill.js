// Fills the tables of the service inside the database server, with rows as the service writes them.
import { createConnection } from 'mysql2/promise';
import { newName, register } from '../works.js';

/**
 * @typedef {object} Filled
 * @property {number} rows of each table
 * @property {number} gigabytes of both tables with their indexes
 * @property {(number: string) => string} sessionId SQL for the id of the session of a number that
 *   is given as SQL
 */

const DAY_MS = 86_400_000;
const CHUNK = 100_000;

/**
 * How long ago the first and the last row were made, in days. No session is older than its account.
 */
const USERS = { from: 120, to: 60 };
const SESSIONS = { from: 60, to: 0 };

/**
 * How long ago the last refresh of a session is at most, in days. A session lasts a week longer.
 */
const REFRESHED = 3;
const REFRESH_TTL = 7;
const SESSION_MAX_AGE = 90;

/** A prime that divides no number of rows. So each account gets one session, in mixed order. */
const SCATTER = 7_368_787;

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36';

/**
 * @param {string} databaseUrl
 * @param {string} serviceUrl a service that has created the tables
 * @param {number} rows accounts and sessions
 * @param {(rows: number) => void} progress
 * @returns {Promise<Filled>}
 */
export async function fill(databaseUrl, serviceUrl, rows, progress) {
  const connection = await createConnection(databaseUrl);
  try {
    const passwordHash = connection.escape(await hashOfService(connection, serviceUrl));
    const { users, sessions, sessionId } = statements(rows, Date.now(), passwordHash);
    await numberTable(connection);
    for (let done = 0; done < rows; done += CHUNK) {
      const chunk = `numbers WHERE n < ${Math.min(CHUNK, rows - done)} ORDER BY n`;
      await connection.query(`INSERT INTO users ${users(`(n + ${done})`)} FROM ${chunk}`);
      await connection.query(`INSERT INTO sessions ${sessions(`(n + ${done})`)} FROM ${chunk}`);
      progress(Math.min(rows, done + CHUNK));
    }
    await connection.query('DROP TABLE numbers');
    await connection.query('ANALYZE TABLE users, sessions');
    return { rows, sessionId, gigabytes: await gigabytes(connection) };
  } finally {
    await connection.end();
  }
}

/**
 * Returns the hash of an account of the service. All accounts share it, since a hash for each would
 * take days.
 * @param {import('mysql2/promise').Connection} connection
 * @param {string} serviceUrl
 * @returns {Promise<string>}
 */
async function hashOfService(connection, serviceUrl) {
  const username = newName();
  const { path, ...init } = register(username);
  const response = await fetch(serviceUrl + path, init);
  if (!response.ok) throw new Error(`registration answers ${response.status}`);
  const sql = 'SELECT password_hash FROM users WHERE username = ?';
  const [found] = /** @type {[any[], any]} */ (await connection.query(sql, [username]));
  return found[0].password_hash;
}

/**
 * Fills a table with the numbers of a chunk, doubling it until there are enough.
 * @param {import('mysql2/promise').Connection} connection
 */
async function numberTable(connection) {
  await connection.query('CREATE TABLE numbers (n INT NOT NULL PRIMARY KEY)');
  await connection.query('INSERT INTO numbers VALUES (0)');
  for (let count = 1; count < CHUNK; count *= 2)
    await connection.query(`INSERT INTO numbers SELECT n + ${count} FROM numbers`);
}

/**
 * @param {number} rows
 * @param {number} now
 * @param {string} passwordHash as SQL
 */
function statements(rows, now, passwordHash) {
  /** @param {{ from: number, to: number }} days @param {string} n */
  const created = ({ from, to }, n) =>
    `(${now - from * DAY_MS} + ${n} * ${Math.floor((from - to) * DAY_MS)} DIV ${rows})`;
  /** @param {string} n */
  const userId = (n) => uuid('user', n, created(USERS, n));
  /** @param {string} n */
  const sessionId = (n) => uuid('session', n, created(SESSIONS, n));
  /** @param {string} n */
  const users = (n) => {
    const name = `CONCAT('account.', LPAD(${n}, 9, '0'))`;
    const email = `CONCAT(${name}, '@example.com')`;
    return columns({
      ...{ id: userId(n), username: name, username_key: name, email, email_key: email, first_name: "'Some'" },
      ...{ last_name: "'Body'", password_hash: passwordHash, session_epoch: '0', created_at: created(USERS, n) },
    });
  };
  /** @param {string} n */
  const sessions = (n) => {
    const opened = created(SESSIONS, n);
    const refreshed = `GREATEST(${opened}, ${now} - CRC32(${n}) MOD ${REFRESHED * DAY_MS})`;
    const expires = `${refreshed} + ${REFRESH_TTL * DAY_MS}`;
    return columns({
      ...{ id: sessionId(n), user_id: userId(`(${n} * ${SCATTER} MOD ${rows})`), user_epoch: '0' },
      ...{ refresh_hash: `SHA2(${n}, 256)`, refresh_counter: `CRC32(${n}) MOD 100`, created_at: opened },
      ...{ refreshed_at: refreshed, last_used_at: refreshed, expires_at: expires },
      ...{ ends_at: `${opened} + ${SESSION_MAX_AGE * DAY_MS}`, user_agent: `'${USER_AGENT}'` },
      ...{ address: `CONCAT('192.0.2.', ${n} MOD 256)`, purge_day: `(${expires}) DIV ${DAY_MS} + 1` },
    });
  };
  return { users, sessions, sessionId };
}

/** @param {Record<string, string>} values SQL by column */
function columns(values) {
  return `(${Object.keys(values).join(', ')}) SELECT ${Object.values(values).join(', ')}`;
}

/**
 * Returns SQL for a UUID of version 7: a time that grows with the number, then pseudo-random
 * digits.
 * @param {string} kind
 * @param {string} n
 * @param {string} time milliseconds
 */
function uuid(kind, n, time) {
  const digest = `MD5(CONCAT('${kind}', ${n}))`;
  const parts = [
    `LPAD(HEX(${time} DIV 65536), 8, '0')`,
    `LPAD(HEX(${time} MOD 65536), 4, '0')`,
    `CONCAT('7', LPAD(HEX(${n} MOD 4096), 3, '0'))`,
    `CONCAT('8', SUBSTR(${digest}, 1, 3))`,
    `SUBSTR(${digest}, 4, 12)`,
  ];
  return `LOWER(CONCAT_WS('-', ${parts.join(', ')}))`;
}

/** @param {import('mysql2/promise').Connection} connection */
async function gigabytes(connection) {
  const sql =
    'SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables' +
    " WHERE table_schema = DATABASE() AND table_name IN ('users', 'sessions')";
  const [found] = /** @type {[any[], any]} */ (await connection.query(sql));
  return Number(found[0].bytes) / 1e9;
}
