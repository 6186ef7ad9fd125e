import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../support/accounts.js';
import { canSeeProcesses } from '../support/family.js';
import { MainThread } from '../support/main-thread.js';
import { ServiceProcess } from '../support/process.js';
import { newStore, type Store } from '../support/store.js';

/** Milliseconds that a request may block the event loop. */
const MOST = 10;
/** Bytes of a text. It must fit into a body of 16 KiB. */
const BYTES = 15_500;

const filled = (...parts: string[]) => {
  const part = parts.join('');
  return part.repeat(Math.floor(BYTES / Buffer.byteLength(part)));
};
/**
 * Texts that are expensive to normalize or to match. Ordering combining marks takes quadratic time,
 * and a single ligature may decompose into 18 characters.
 */
const COSTLY: [string, string][] = [
  ['marks in descending order', '\u0315'.repeat(BYTES / 4) + '\u0323'.repeat(BYTES / 4)],
  ['marks in no order', filled('\u0345', '\u0315', '\u0301', '\u05b0', '\u0323', '\u0321', '\u0334')],
  ['a letter with marks', `a${filled('\u0301', '\u0323').slice(2)}`],
  ['marks that decompose', filled('\u0344')],
  ['ligatures of eighteen letters', filled('\ufdfa')],
  ['letters with three marks', filled('\u1f82')],
  ['letters for Hangul syllables', filled('\u1112', '\u1161', '\u11ab')],
  ['white space and a letter', `${filled(' ').slice(1)}x`],
  ['spaces that are normalized', filled('\u3000')],
  ['at signs', filled('@')],
  ['dots and an at sign', `${filled('a.').slice(2)}@a`],
  ['an email without end', `a@${filled('a.').slice(2)}`],
  ['digits', filled('1')],
  ['digits and a letter', `${filled('1').slice(1)}x`],
  ['repeated halves', filled('aaaaaaab')],
  ['emoji', filled('😀')],
  ['quotes', filled('\\"').slice(0, BYTES / 2)],
  ['commas and equals signs', filled('=, ')],
  ['parts of a token', filled('eyJhbGciOiJIUzI1NiJ9.')],
];

interface Field {
  readonly method: string;
  readonly path: string;
  readonly name: string;
  /** A valid value for each field of the body. */
  readonly body: Record<string, string>;
}

// Only Linux has /proc.
describe.runIf(canSeeProcesses)('Expensive texts', () => {
  let store: Store;
  let service: ServiceProcess;
  let url: string;
  let access: string;
  let fields: Field[];

  beforeAll(async () => {
    store = await newStore();
    service = new ServiceProcess({ ...store.env, SWAGGER: 'on', LOG_LEVEL: 'info' });
    url = await service.ready();
    const account = { username: 'costly', password: PASSWORD };
    const headers = { 'content-type': 'application/json' };
    const registered = await fetch(`${url}/auth/register`, { method: 'POST', headers, body: JSON.stringify(account) });
    ({ access } = (await registered.json()) as { access: string });
    fields = fieldsOf((await (await fetch(`${url}/openapi.json`)).json()) as OpenAPIObject);
  });
  afterAll(async () => {
    service.kill('SIGTERM');
    await service.exited;
    await store.dispose();
  });

  const cost = (send: () => Promise<unknown>) => new MainThread(service.pid).costOf(send, MOST / 2);

  it('are tried in every documented field of a body', () => {
    const names = new Set(fields.map(({ name }) => name));
    for (const name of ['username', 'password', 'email', 'first_name', 'current_password', 'new_password', 'refresh'])
      expect(names).toContain(name);
    expect(fields.length).toBeGreaterThan(15);
  });

  it.each(COSTLY)('block the event loop for less than 10 ms in every field of every route: %s', async (_, text) => {
    const slow: string[] = [];
    for (const { method, path, name, body } of fields) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${access}` };
      const json = JSON.stringify({ ...body, [name]: text });
      const took = await cost(async () => {
        const response = await fetch(url + path, { method, headers, body: json });
        await response.arrayBuffer();
        expect(response.status, 'the text is not too long for a body').not.toBe(413);
      });
      if (took >= MOST) slow.push(`${method} ${path} ${name}: ${took.toFixed(1)} ms`);
    }
    expect(slow).toEqual([]);
  });

  it.each(COSTLY)('block the event loop for less than 10 ms in the path, query and headers: %s', async (_, text) => {
    const part = encodeURIComponent(Array.from(text).slice(0, 800).join(''));
    const ascii = text.replaceAll(/[^ -~]/g, '~').slice(0, 6_000);
    const requests: [string, () => Promise<Response>][] = [
      [
        'path',
        () =>
          fetch(`${url}/account/sessions/${part}`, {
            method: 'DELETE',
            headers: { authorization: `Bearer ${access}` },
          }),
      ],
      [
        'query',
        () =>
          fetch(`${url}/account/sessions?all=${part}`, {
            method: 'DELETE',
            headers: { authorization: `Bearer ${access}` },
          }),
      ],
      ['bearer', () => fetch(`${url}/auth/getuser`, { headers: { authorization: `Bearer ${ascii}` } })],
      [
        'basic',
        () => fetch(`${url}/oauth/introspect`, { method: 'POST', headers: { authorization: `Basic ${ascii}` } }),
      ],
      ['accept', () => fetch(`${url}/auth/getuser`, { headers: { accept: ascii } })],
      ['user agent', () => fetch(`${url}/auth/getuser`, { headers: { 'user-agent': ascii } })],
      ['forwarded', () => fetch(`${url}/livez`, { headers: { 'x-forwarded-for': ascii } })],
    ];
    const slow: string[] = [];
    for (const [place, send] of requests) {
      const took = await cost(async () => (await send()).arrayBuffer());
      if (took >= MOST) slow.push(`${place}: ${took.toFixed(1)} ms`);
    }
    expect(slow).toEqual([]);
  });
});

/** Returns every field of every documented body, including all alternatives of its schema. */
function fieldsOf(document: OpenAPIObject): Field[] {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const formsOf = (schema: Schema): Schema[] => {
    const named = schema.$ref ? schemas[schema.$ref.split('/').at(-1) ?? ''] : schema;
    return named?.oneOf?.flatMap(formsOf) ?? named?.anyOf?.flatMap(formsOf) ?? (named ? [named] : []);
  };
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, Operation>).flatMap(([method, { requestBody }]) => {
      const [content] = Object.values(requestBody?.content ?? {});
      return (content ? formsOf(content.schema) : []).flatMap(({ properties = {} }) => {
        const names = Object.keys(properties);
        const body = Object.fromEntries(names.map((name) => [name, properties[name]?.example ?? PASSWORD]));
        return names.map((name) => ({ method: method.toUpperCase(), path, name, body }));
      });
    }),
  );
}

interface Schema {
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Record<string, { readonly example?: string }>;
}
interface Operation {
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}
