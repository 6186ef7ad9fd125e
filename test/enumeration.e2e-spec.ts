import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newName, PASSWORD, register } from './support/accounts.js';
import type { Reply } from './support/client.js';
import { type Service, startService } from './support/service.js';

/** Requests of each kind. */
const SAMPLES = 120;
/** Standard deviations that chance exceeds in one of 100,000 rank tests. */
const BEYOND_CHANCE = 4.4;
const WRONG = 'not the right password';

const many = '1000000';
const LIMITS = {
  RATE_LIMIT: 'on',
  TRUST_PROXY: '127.0.0.1',
  LOGIN_LIMIT_SOURCE: many,
  LOGIN_LIMIT_NAME: many,
  LOGIN_LIMIT_KNOWN: many,
};

let patient: Service;
let strict: Service;
beforeAll(async () => {
  patient = await startService({ env: { ...LIMITS, LOGIN_LIMIT: many, LOG_LEVEL: 'silent' } });
  strict = await startService({ env: { ...LIMITS, LOGIN_LIMIT: '2', LOG_LEVEL: 'silent' } });
});
afterAll(async () => {
  await patient.stop();
  await strict.stop();
});

/** Registers two accounts and a disabled account, and returns their names and an unknown name. */
async function names({ client, dataSource }: Service): Promise<[string, string, string, string]> {
  const [existing, another, disabled] = [newName(), newName(), newName()];
  for (const name of [existing, another, disabled]) await register(client, name);
  await dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [disabled]);
  return [existing, another, disabled, newName()];
}

/** Returns what a client sees of an answer, without the headers that differ between requests. */
function seen({ status, headers, text }: Reply): unknown {
  const names = [...headers.keys()].sort();
  const values = Object.fromEntries(
    [...headers].filter(([name]) => !['date', 'x-request-id', 'retry-after'].includes(name)),
  );
  return { status, names, values, text };
}

type Kinds = Record<string, () => Promise<Reply>>;

/** Sends requests of several kinds in turns, and returns times (ms) and looks of their answers. */
async function measure(kinds: Kinds): Promise<{ times: Record<string, number[]>; looks: Record<string, Set<string>> }> {
  const names = Object.keys(kinds);
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const looks = Object.fromEntries(names.map((name) => [name, new Set<string>()]));
  for (let i = 0; i < SAMPLES; i++)
    // Another order in each round, so that no kind always follows the same kind.
    for (const name of [...names].sort(() => Math.random() - 0.5)) {
      const startedAt = performance.now();
      const reply = await kinds[name]!();
      times[name]!.push(performance.now() - startedAt);
      looks[name]!.add(JSON.stringify(seen(reply)));
    }
  return { times, looks };
}

/** Returns by how many standard deviations `a` is slower than `b` (Mann-Whitney rank test). */
function deviations(a: readonly number[], b: readonly number[]): number {
  const ranked = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))].sort(
    (x, y) => x.value - y.value,
  );
  const sum = ranked.reduce((total, { isA }, i) => (isA ? total + i + 1 : total), 0);
  const u = sum - (a.length * (a.length + 1)) / 2;
  const [n, m] = [a.length, b.length];
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

const routes = [
  ['A', '/auth/token'],
  ['B', '/user/login'],
] as const;

describe.each(routes)('The login of contract %s', (_, path) => {
  /** Logs in from a source that no account has used, as an attacker does. */
  const logIn = (service: Service, username: string, password: string) =>
    service.client.call('POST', path, {
      json: { username, password },
      headers: { 'x-forwarded-for': '198.51.100.1' },
    });

  it('answers unknown names, wrong passwords and disabled accounts alike and in the same time', async () => {
    const [existing, another, disabled, unknown] = await names(patient);
    const { times, looks } = await measure({
      wrong: () => logIn(patient, existing, WRONG),
      control: () => logIn(patient, another, WRONG),
      disabled: () => logIn(patient, disabled, PASSWORD),
      unknown: () => logIn(patient, unknown, WRONG),
      planted: () => logIn(patient, '', ''),
    });
    expect(looks['wrong']?.size).toBe(1);
    expectAlike(times, looks);
    // Checks that the rank test finds a real difference.
    expect(Math.abs(deviations(times['wrong']!, times['planted']!))).toBeGreaterThan(BEYOND_CHANCE);
  });

  it('answers throttled guesses alike and in the same time for every account', async () => {
    const [existing, another, disabled, unknown] = await names(strict);
    for (const name of [existing, another, disabled, unknown])
      for (let i = 0; i < 3; i++) await logIn(strict, name, WRONG);
    const { times, looks } = await measure({
      wrong: () => logIn(strict, existing, WRONG),
      control: () => logIn(strict, another, WRONG),
      disabled: () => logIn(strict, disabled, PASSWORD),
      unknown: () => logIn(strict, unknown, WRONG),
    });
    expect([...looks['wrong']!].every((look) => look.includes('"status":429'))).toBe(true);
    expectAlike(times, looks);
  });
});

function expectAlike(times: Record<string, number[]>, looks: Record<string, Set<string>>): void {
  for (const kind of ['control', 'disabled', 'unknown']) {
    expect(looks[kind], kind).toEqual(looks['wrong']);
    expect(Math.abs(deviations(times['wrong']!, times[kind]!)), kind).toBeLessThan(BEYOND_CHANCE);
  }
}
