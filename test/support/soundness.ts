import { expect, vi } from 'vitest';
import { z } from 'zod';
import type { RawAnswer } from './raw-http.js';
import type { Service } from './service.js';

const text = z.string().min(1);

/** The forms of refusals, by the first segment of the path. All other paths use problem details. */
const REFUSALS: Readonly<Record<string, z.ZodType>> = {
  auth: z.union([
    z.strictObject({ detail: text, code: text.optional() }),
    z.partialRecord(z.enum(['username', 'password', 'refresh', 'token']), z.array(text).min(1)),
  ]),
  user: z.strictObject({ status: z.literal('BAD REQUEST'), reason: text }),
  oauth: z.strictObject({ error: text, error_description: text }),
};
const PROBLEM = z.strictObject({
  type: z.literal('about:blank'),
  title: text,
  status: z.int(),
  detail: text,
  errors: z.record(text, z.array(text)).optional(),
});

const HEADERS: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/i,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /default-src 'none'/,
  'x-request-id': /^[\w.:-]{1,128}$/,
};

/** Routes whose answers contain no secrets and may be cached. */
const CACHEABLE = /^\/(docs|openapi|\.well-known)/;

/**
 * Checks the rules for every answer: no 5xx, the common headers, and refusals in the dialect of
 * their route.
 * @param path the decoded path by which the request is routed; undefined if it is hard to predict
 */
export function expectSound({ status, headers, body }: RawAnswer, path: string | undefined, method = 'GET'): void {
  expect(status, body).toBeGreaterThanOrEqual(200);
  expect(status, body).toBeLessThan(500);
  for (const [name, value] of Object.entries(HEADERS)) expect(headers.get(name), `${name} of ${status}`).toMatch(value);
  if (status >= 400 || !CACHEABLE.test(path ?? '')) expect(headers.get('cache-control')).toBe('no-store');
  if (status < 400 || method === 'HEAD') return;
  const refusals = path === undefined ? [PROBLEM, ...Object.values(REFUSALS)] : [refusalOf(path)];
  expect(headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
  const found = refusals.find((refusal) => refusal.safeParse(JSON.parse(body)).success);
  expect(found, `${status} of ${path}: ${body}`).toBeDefined();
  expect(headers.get('content-type')?.includes('problem')).toBe(found === PROBLEM);
}

function refusalOf(path: string): z.ZodType {
  const segment = /^\/([^/]*)/.exec(path)?.[1] ?? '';
  return Object.hasOwn(REFUSALS, segment) ? REFUSALS[segment]! : PROBLEM;
}

/**
 * Waits for the log line of an answer, which the service writes after sending the answer.
 * @param since the number of log lines before the request was sent
 */
export async function expectLogged(service: Service, { headers, status }: RawAnswer, since: number): Promise<void> {
  const id = headers.get('x-request-id');
  const line = await vi.waitUntil(
    () => service.log.slice(since).find((line) => line['reqId'] === id && 'status' in line),
    {
      timeout: 5_000,
      interval: 1,
    },
  );
  expect(line).toMatchObject({ level: 'info', status });
}
