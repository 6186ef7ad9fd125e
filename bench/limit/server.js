// The limit: what the machine can do for these routes. Bare Fastify, prepared statements,
// node:crypto and the fastest argon2id over the tables of the service, without validation, log or
// error handling.
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import argon2 from '@node-rs/argon2';
import Fastify from 'fastify';
import mysql from 'mysql2/promise';

/** @typedef {import('mysql2').RowDataPacket & Record<string, any>} Row */

const { DATABASE_URL = '', DATABASE_POOL = '10', ARGON2_MEMORY_KIB = '19456', ARGON2_TIME_COST = '2' } = process.env;
const cost = { memoryCost: Number(ARGON2_MEMORY_KIB), timeCost: Number(ARGON2_TIME_COST), parallelism: 1 };

const ACCESS_S = 4 * 3600;
const REFRESH_MS = 7 * 24 * 3_600_000;
const END_MS = 90 * 24 * 3_600_000;

const pool = mysql.createPool({ uri: DATABASE_URL, connectionLimit: Number(DATABASE_POOL), charset: 'utf8mb4' });
const privateKey = createPrivateKey(process.env['LIMIT_PRIVATE_KEY'] ?? '');
const publicKey = createPublicKey(privateKey);
const hmacKey = createSecretKey(process.env['LIMIT_SECRET_KEY'] ?? '', 'hex');

/** @param {object} value */
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const ACCESS_HEADER = part({ alg: 'ES256', typ: 'at+jwt', kid: 'limit' });
const REFRESH_HEADER = part({ alg: 'HS256', typ: 'rt+jwt' });

/** @param {string} sub @param {string} sid */
function accessToken(sub, sid) {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: 'http://limit', sub, sid, jti: randomUUID(), iat, exp: iat + ACCESS_S, token_type: 'access' };
  const text = `${ACCESS_HEADER}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

/** @param {string} sub @param {string} sid @param {number} counter @param {number} now */
function refreshToken(sub, sid, counter, now) {
  const iat = Math.floor(now / 1000);
  const claims = { sub, sid, counter, iat, exp: iat + REFRESH_MS / 1000, token_type: 'refresh' };
  const text = `${REFRESH_HEADER}.${part(claims)}`;
  return `${text}.${createHmac('sha256', hmacKey).update(text).digest('base64url')}`;
}

/** @param {string} token @param {(text: string, signature: Buffer) => boolean} isSigned */
function claimsOf(token, isSigned) {
  const dot = token.lastIndexOf('.');
  const text = token.slice(0, dot);
  if (!isSigned(text, Buffer.from(token.slice(dot + 1), 'base64url'))) return undefined;
  const claims = JSON.parse(Buffer.from(text.slice(text.indexOf('.') + 1), 'base64url').toString());
  return claims.exp > Date.now() / 1000 ? claims : undefined;
}

/** @param {string} token */
const accessClaims = (token) =>
  claimsOf(token, (text, signature) =>
    verify('sha256', Buffer.from(text), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
  );

/** @param {string} token */
const refreshClaims = (token) =>
  claimsOf(token, (text, signature) => createHmac('sha256', hmacKey).update(text).digest().equals(signature));

/** @param {string} token */
const digest = (token) => createHash('sha256').update(token).digest('hex');

/** @param {string} sql @param {any[]} values @returns {Promise<any>} */
const execute = async (sql, values) => (await pool.execute(sql, values))[0];

const ALIVE =
  'revoked_at IS NULL AND expires_at > ? AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id' +
  ' AND users.disabled_at IS NULL AND users.session_epoch = sessions.user_epoch)';

/** @param {string} sid */
async function aliveSession(sid) {
  const sql =
    'SELECT s.user_id, s.refresh_hash, u.username FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?' +
    ' AND s.revoked_at IS NULL AND s.expires_at > ? AND u.disabled_at IS NULL AND u.session_epoch = s.user_epoch';
  const [row] = /** @type {Row[]} */ (await execute(sql, [sid, Date.now()]));
  return row;
}

/** @param {string} userId @param {string} agent @param {string} address */
async function openSession(userId, agent, address) {
  const now = Date.now();
  const sid = randomUUID();
  const refresh = refreshToken(userId, sid, 0, now);
  const values = [sid, userId, 0, digest(refresh), 0, now, now, now, now + REFRESH_MS, now + END_MS, null, null];
  const sql = 'INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
  await execute(sql, [...values, agent, address, Math.floor((now + REFRESH_MS) / 86_400_000) + 1]);
  return { refresh, access: accessToken(userId, sid) };
}

const app = Fastify();
/** @param {string} name */
const text = (name) => ({ [name]: { type: 'string' } });
const tokens = { type: 'object', properties: { ...text('refresh'), ...text('access') } };
const none = { type: 'object', properties: {} };

/**
 * @param {'GET' | 'POST' | 'DELETE'} method
 * @param {string} url
 * @param {number} status
 * @param {object} answer its schema
 * @param {(body: any, request: import('fastify').FastifyRequest) => Promise<object | undefined>}
 *   handle undefined: 401
 */
function route(method, url, status, answer, handle) {
  app.route({
    method,
    url,
    schema: { response: { [status]: answer } },
    handler: async (request, reply) => {
      const body = await handle(request.body, request);
      if (body) return reply.code(status).send(status === 204 ? undefined : body);
      return reply.code(401).send({ detail: 'refused' });
    },
  });
}

route('POST', '/auth/register', 201, tokens, async ({ username, password }, { headers, ip }) => {
  const passwordHash = await argon2.hash(password, cost);
  const id = randomUUID();
  const sql = 'INSERT INTO users VALUES (?, ?, ?, NULL, NULL, ?, ?, ?, 0, NULL, NULL, ?, NULL)';
  const [, answer] = await Promise.all([
    execute(sql, [id, username, username.toLowerCase(), '', '', passwordHash, Date.now()]),
    openSession(id, headers['user-agent'] ?? '', ip),
  ]);
  return answer;
});

route('POST', '/auth/token', 200, tokens, async ({ username, password }, { headers, ip }) => {
  const sql = 'SELECT id, password_hash, disabled_at FROM users WHERE username_key = ?';
  const [user] = /** @type {Row[]} */ (await execute(sql, [username.toLowerCase()]));
  if (!user || !(await argon2.verify(user['password_hash'], password))) return undefined;
  return openSession(user['id'], headers['user-agent'] ?? '', ip);
});

route('POST', '/auth/token/refresh', 200, tokens, async ({ refresh }) => {
  const claims = refreshClaims(refresh);
  if (!claims) return undefined;
  const now = Date.now();
  const successor = refreshToken(claims.sub, claims.sid, claims.counter + 1, now);
  const end = now + REFRESH_MS;
  const sql =
    'UPDATE sessions SET refresh_hash = ?, refresh_counter = ?, refreshed_at = ?, last_used_at = ?, expires_at = ?,' +
    ` purge_day = ? WHERE id = ? AND refresh_hash = ? AND ${ALIVE}`;
  const values = [digest(successor), claims.counter + 1, now, now, end, Math.floor(end / 86_400_000) + 1];
  const { affectedRows } = await execute(sql, [...values, claims.sid, digest(refresh), now]);
  return affectedRows === 1 ? { refresh: successor, access: accessToken(claims.sub, claims.sid) } : undefined;
});

route('POST', '/auth/token/verify', 200, none, async ({ token }) => {
  const claims = accessClaims(token);
  return claims && (await aliveSession(claims.sid)) ? {} : undefined;
});

route('GET', '/auth/getuser', 200, { type: 'object', properties: text('username') }, async (_body, { headers }) => {
  const claims = accessClaims(headers.authorization?.slice('Bearer '.length) ?? '');
  return claims && (await aliveSession(claims.sid));
});

route('POST', '/user/login/refresh', 201, { type: 'object', properties: text('access_token') }, async (body) => {
  const claims = refreshClaims(body.refresh_token);
  const session = claims && (await aliveSession(claims.sid));
  if (session?.['refresh_hash'] !== digest(body.refresh_token)) return undefined;
  return { access_token: accessToken(session['user_id'], claims.sid) };
});

route('DELETE', '/user/login', 204, none, async ({ access_token, refresh_token }) => {
  const access = accessClaims(access_token);
  if (!access || access.sid !== refreshClaims(refresh_token)?.sid) return undefined;
  const now = Date.now();
  const sql =
    "UPDATE sessions SET revoked_at = ?, revoked_reason = 'logout', purge_day = ? WHERE id = ? AND revoked_at IS NULL";
  await execute(sql, [now, Math.floor(now / 86_400_000) + 1, access.sid]);
  return {};
});

const url = await app.listen({ port: Number(process.env['PORT'] ?? 0), host: '127.0.0.1' });
console.log(JSON.stringify({ msg: 'ready', url }));
