import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerTo, type RawRequest } from '../support/raw-http.js';
import { type Service, startService } from '../support/service.js';

/** Each fills a header, for what looks for separators, quotes and numbers in it. */
const FILLINGS = [
  ...[' ', '\t', ',', ';', '=', '"', '\\', '/', '%', '*', '-', '.', ':', '@', '+', '&', '['],
  ...[
    'a,',
    'a;',
    'a=',
    'a="',
    '\\"',
    '; ',
    ' ,',
    ', ',
    ' ;',
    '"a" ',
    'W/',
    '%2',
    'q=',
    '=;',
    'a b ',
    '0-,',
    '1.',
    '::',
  ],
];
/** Every header that the service or what it is built on reads, with what may come first in it. */
const HEADERS: readonly (readonly [name: string, start: string])[] = [
  ['If-None-Match', '"a"'],
  ['If-Match', '"a"'],
  ['If-Modified-Since', 'a'],
  ['If-Unmodified-Since', 'a'],
  ['Range', 'bytes=0-'],
  ['If-Range', '"a"'],
  ['Accept', 'a'],
  ['Accept-Encoding', 'gzip'],
  ['Authorization', 'Bearer a'],
  ['Authorization', 'Basic a'],
  ['Content-Type', 'application/json;'],
  ['Content-Type', 'multipart/form-data; boundary=a;'],
  ['Content-Type', 'a'],
  ['Content-Encoding', 'a'],
  ['X-Forwarded-For', '192.0.2.1'],
  ['X-Forwarded-Host', 'a'],
  ['X-Forwarded-Proto', 'a'],
  ['X-Request-Id', 'a'],
  ['Origin', 'https://app.example.com'],
  ['User-Agent', 'a'],
  ['Cookie', 'a'],
];
const ROUTES: readonly RawRequest[] = [
  { target: '/docs/swagger-ui.css' },
  { target: '/.well-known/jwks.json' },
  { target: '/auth/getuser' },
  { method: 'POST', target: '/auth/token', body: '{}' },
  { method: 'POST', target: '/user/login', body: '{}' },
  { method: 'POST', target: '/oauth/introspect', body: '{}' },
  { method: 'OPTIONS', target: '/auth/token' },
  { method: 'DELETE', target: '/account/sessions' },
];
const LENGTH = 7_500;

let service: Service;
beforeAll(async () => {
  service = await startService({
    env: {
      SWAGGER: 'on',
      TRUST_PROXY: '127.0.0.1',
      CORS_ORIGINS: 'https://app.example.com',
      INTROSPECTION_CLIENTS: `client:${'a'.repeat(64)}`,
    },
  });
});
afterAll(() => service.stop());

/** Milliseconds, the shortest of a few times; fewer where the first says enough. */
async function timeOf(request: RawRequest, name: string, value: string, enough: number): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 && shortest > enough; i++) {
    const startedAt = performance.now();
    await answerTo(service.url, { ...request, headers: [[name, value]] });
    shortest = Math.min(shortest, performance.now() - startedAt);
  }
  return shortest;
}

it.each(HEADERS)(
  'no content of %s: %s... takes longer than any other of its length',
  async (name, start) => {
    for (const route of ROUTES) {
      const plain = await timeOf(route, name, start + 'x'.repeat(LENGTH), 0);
      const bound = 10 * plain + 10;
      for (const filling of FILLINGS) {
        const value = `${start}${filling.repeat(LENGTH / filling.length)}!`;
        expect(await timeOf(route, name, value, bound), `${route.target} ${JSON.stringify(filling)}`).toBeLessThan(
          bound,
        );
      }
    }
  },
  60_000,
);
