// The back end of the sample application. It serves the page and one protected route, and verifies
// access tokens by the keys that Latchkey publishes.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/** @type {Record<string, [name: string, mediaType: string]>} */
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
};

/** Errors of jose about the key set, not about the token. */
const KEY_SET_ERRORS = ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT'];

/**
 * Starts the application on this machine.
 * @param {{ latchkeyUrl: string, port: number }} options `latchkeyUrl`: the issuer of its tokens
 * @returns {Promise<{ url: string, stop: () => void }>}
 */
export async function start({ latchkeyUrl, port }) {
  const keys = createRemoteJWKSet(new URL(`${latchkeyUrl}/.well-known/jwks.json`));

  /** @param {string} token @returns {Promise<string | undefined>} the id of its account */
  async function accountOf(token) {
    const { payload } = await jwtVerify(token, keys, {
      issuer: latchkeyUrl,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      requiredClaims: ['sub', 'exp'],
    });
    return payload['token_type'] === 'access' ? payload.sub : undefined;
  }

  /**
   * @param {string | undefined} authorization
   * @returns {Promise<[status: number, body: object]>}
   */
  async function notes(authorization = '') {
    try {
      const account = await accountOf(authorization.replace('Bearer ', ''));
      return account ? [200, { notes: [`a note of ${account}`] }] : [401, { error: 'not an access token' }];
    } catch (error) {
      if (error instanceof errors.JOSEError && !KEY_SET_ERRORS.includes(error.code))
        return [401, { error: 'invalid token' }];
      // A 401 would make the page discard a token that may be valid.
      return [503, { error: 'tokens cannot be verified now' }];
    }
  }

  const server = createServer(async ({ url = '/', headers }, response) => {
    const file = FILES[url];
    if (file) {
      const content = await readFile(new URL(`public/${file[0]}`, import.meta.url));
      response.writeHead(200, { 'Content-Type': file[1] }).end(content);
      return;
    }
    const [status, body] =
      url === '/api/notes'
        ? await notes(headers.authorization)
        : url === '/config.json'
          ? [200, { latchkeyUrl }]
          : [404, { error: 'not found' }];
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { LATCHKEY_URL = 'http://localhost:3000', PORT = '4000' } = process.env;
  const { url } = await start({ latchkeyUrl: LATCHKEY_URL, port: Number(PORT) });
  console.log(`listening at ${url}`);
}
