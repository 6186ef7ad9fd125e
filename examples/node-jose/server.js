// A resource server on node:http that verifies access tokens locally, with jose.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/**
 * How long the key set may be cached, as the service says. A retired key verifies tokens for that
 * long at most.
 */
const KEYS_MAX_AGE_MS = 300_000;

/** Errors of jose about the key set, not about the token. */
const KEY_SET_ERRORS = ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT'];

/**
 * Starts the server on 127.0.0.1.
 * @param {{ issuer: string, jwksUri: string, port: number }} options `issuer`: the exact `iss` to
 *   require
 * @returns {Promise<import('node:http').Server>} once it listens
 */
export function start({ issuer, jwksUri, port }) {
  const keys = createRemoteJWKSet(new URL(jwksUri), { cacheMaxAge: KEYS_MAX_AGE_MS });

  /** @param {string} token @returns {Promise<string>} the id of its account */
  async function subjectOf(token) {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      requiredClaims: ['sub', 'exp'],
    });
    if (payload['token_type'] !== 'access')
      throw new errors.JWTClaimValidationFailed('not an access token', payload, 'token_type');
    return String(payload.sub);
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @returns {Promise<[status: number, body: object, headers?: Record<string, string>]>}
   */
  async function answer({ method, url, headers }) {
    if (method !== 'GET' || url !== '/') return [404, { error: 'not found' }];
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return [401, { error: 'a token is needed' }, { 'WWW-Authenticate': 'Bearer' }];
    try {
      return [200, { sub: await subjectOf(token) }];
    } catch (error) {
      if (error instanceof errors.JOSEError && !KEY_SET_ERRORS.includes(error.code))
        return [401, { error: 'invalid token' }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }];
      // A 401 would make clients discard tokens that may be valid.
      return [503, { error: 'tokens cannot be verified now' }];
    }
  }

  const server = createServer((request, response) => {
    void answer(request).then(([status, body, headers]) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {
    ISSUER = 'http://localhost:3000',
    JWKS_URI = 'http://127.0.0.1:3000/.well-known/jwks.json',
    PORT = '4000',
  } = process.env;
  await start({ issuer: ISSUER, jwksUri: JWKS_URI, port: Number(PORT) });
  console.log(`listening at http://127.0.0.1:${PORT}`);
}
