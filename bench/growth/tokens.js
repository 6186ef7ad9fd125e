// Makes tokens for the filled sessions with the code of the service.
import { createConnection } from 'mysql2/promise';

/**
 * @typedef {import('../works.js').Session} Session
 *
 * @typedef {object} TokenMaker
 * @property {(numbers: number[], count: number) => Promise<Session[]>} sessions makes `count`
 *   sessions with valid tokens, of the rows with these numbers; if there are fewer rows, each gets
 *   several access tokens
 * @property {() => Promise<void>} close
 */

/**
 * Prepares to make tokens for the rows of a database.
 * @param {string} databaseUrl
 * @param {import('./fill.js').Filled} filled
 * @param {Record<string, string>} env the service's
 * @returns {Promise<TokenMaker>}
 */
export async function tokenMaker(databaseUrl, filled, env) {
  const service = await serviceParts(env);
  const connection = await createConnection({ uri: databaseUrl, supportBigNumbers: true });
  await connection.query('CREATE TEMPORARY TABLE picked (n INT NOT NULL PRIMARY KEY)');
  await connection.query(
    'CREATE TEMPORARY TABLE hashes (id varchar(36) NOT NULL PRIMARY KEY, refresh_hash varchar(64) NOT NULL)' +
      ' DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  );
  return {
    sessions: async (numbers, count) => {
      const rows = await pick(connection, filled, numbers);
      const places = Array.from({ length: count }, (_, i) => rows[i % rows.length]);
      const sessions = await Promise.all(places.map(service.tokensOf));
      await connection.query('DELETE FROM hashes');
      const hashes = rows.map(({ id }, i) => [id, service.digest(sessions[i]?.refresh ?? '')]);
      await connection.query('INSERT INTO hashes VALUES ?', [hashes]);
      await connection.query(
        'UPDATE hashes STRAIGHT_JOIN sessions ON sessions.id = hashes.id SET sessions.refresh_hash = hashes.refresh_hash',
      );
      return sessions;
    },
    close: async () => {
      await connection.end();
      await service.close();
    },
  };
}

/**
 * Reads the rows with these numbers, in random order.
 * @param {import('mysql2/promise').Connection} connection
 * @param {import('./fill.js').Filled} filled
 * @param {number[]} numbers
 * @returns {Promise<any[]>}
 */
async function pick(connection, filled, numbers) {
  await connection.query('DELETE FROM picked');
  await connection.query('INSERT INTO picked VALUES ?', [numbers.map((n) => [n])]);
  const sql =
    'SELECT s.id, s.user_id, s.refresh_counter, s.refreshed_at, s.expires_at, u.username' +
    ` FROM picked STRAIGHT_JOIN sessions s ON s.id = ${filled.sessionId('picked.n')}` +
    ' STRAIGHT_JOIN users u ON u.id = s.user_id ORDER BY RAND()';
  const [rows] = /** @type {[any[], any]} */ (await connection.query(sql));
  if (rows.length !== numbers.length) throw new Error(`${rows.length} of ${numbers.length} sessions were found`);
  return rows;
}

/**
 * Imports the parts of the compiled service that make tokens.
 * @param {Record<string, string>} env
 */
async function serviceParts(env) {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { AppModule } = await compiled('app.module.js');
  const { loadConfig } = await compiled('platform/config/config.js');
  const { StartupService } = await compiled('startup/startup.service.js');
  const { AccessTokens } = await compiled('sessions/tokens/access-tokens.js');
  const { RefreshTokens } = await compiled('sessions/tokens/refresh-tokens.js');
  const module = AppModule.forRoot(loadConfig(env));
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const partOf = (/** @type {any} */ type) => app.get(type, { strict: false });
  await partOf(StartupService).finished;
  const access = partOf(AccessTokens);
  const refresh = partOf(RefreshTokens);
  return {
    /** @param {any} row @returns {Promise<Session>} */
    tokensOf: async (row) => {
      const [refreshedAt, expiresAt] = [Number(row.refreshed_at), Number(row.expires_at)];
      const state = { id: row.id, userId: row.user_id, refreshCounter: row.refresh_counter, refreshedAt, expiresAt };
      return {
        username: row.username,
        refresh: refresh.sign(state),
        access: await access.sign(state),
      };
    },
    /** @param {string} token @returns {string} */
    digest: (token) => refresh.digest(token),
    close: () => app.close(),
  };
}

/**
 * Imports a file of the build, which may not exist when types are checked.
 * @param {string} path
 * @returns {Promise<any>}
 */
function compiled(path) {
  return import(new URL(`../../dist/src/${path}`, import.meta.url).href);
}
