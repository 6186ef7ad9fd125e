import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canSeeProcesses } from '../support/family.js';
import { MainThread } from '../support/main-thread.js';
import { ServiceProcess } from '../support/process.js';
import { answerTo, type RawRequest } from '../support/raw-http.js';
import { newStore, type Store } from '../support/store.js';

/** Texts that are repeated to fill a header, so that a parser has to backtrack over them. */
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
/** Every header that the service or one of its libraries reads, with a plausible beginning. */
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

/** Milliseconds of the main thread that a request may take. */
const MOST = 10;

// Only Linux has /proc.
describe.runIf(canSeeProcesses)('Long headers', () => {
  let store: Store;
  let service: ServiceProcess;
  let url: string;

  beforeAll(async () => {
    store = await newStore();
    service = new ServiceProcess({
      ...store.env,
      SWAGGER: 'on',
      TRUST_PROXY: '127.0.0.1',
      CORS_ORIGINS: 'https://app.example.com',
      INTROSPECTION_CLIENTS: `client:${'a'.repeat(64)}`,
    });
    url = await service.ready();
  });
  afterAll(async () => {
    service.kill('SIGTERM');
    await service.exited;
    await store.dispose();
  });

  it.each(HEADERS)(
    'cost less than 10 ms with every filling of "%s: %s..."',
    async (name, start) => {
      const thread = new MainThread(service.pid);
      const slow: string[] = [];
      for (const route of ROUTES)
        for (const filling of FILLINGS) {
          const headers: [string, string][] = [[name, `${start}${filling.repeat(LENGTH / filling.length)}!`]];
          const took = await thread.costOf(() => answerTo(url, { ...route, headers }), MOST / 2);
          if (took >= MOST) slow.push(`${route.target} ${JSON.stringify(filling)}: ${took.toFixed(1)} ms`);
        }
      expect(slow).toEqual([]);
    },
    60_000,
  );
});
