import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, register } from './support/accounts.js';
import { type Service, startService, TEST_ENV } from './support/service.js';
import { CLAIMS, headerOf, partOf, SIGNATURE, withoutSignature, withPart } from './support/tokens.js';

const CLI = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

type Account = Awaited<ReturnType<typeof register>>;

const sql = (statement: string, username: string) => service.dataSource.query(statement, [username]);

const routes: [string, (token: string) => Promise<number>][] = [
  ['POST /auth/token/verify', async (token) => (await service.client.post('/auth/token/verify', { token })).status],
  ['GET /auth/getuser', async (token) => (await service.client.get('/auth/getuser', token)).status],
];
const everywhere = async (token: string) => {
  const statuses: number[] = [];
  for (const [, present] of routes) statuses.push(await present(token));
  return statuses;
};

const endings: [string, (account: Account) => Promise<unknown>][] = [
  [
    'has expired',
    async () => {
      service.clock.advance(900);
    },
  ],
  [
    'has been logged out',
    ({ access, refresh }) =>
      service.client.call('DELETE', '/user/login', { json: { access_token: access, refresh_token: refresh } }),
  ],
  [
    'was stolen and refreshed twice',
    async ({ refresh }) => {
      await service.client.post('/auth/token/refresh', { refresh });
      service.clock.advance(30);
      await service.client.post('/auth/token/refresh', { refresh });
    },
  ],
  [
    'had its password changed by another session',
    async ({ username }) => {
      const { body } = await service.client.post('/auth/token', { username, password: PASSWORD });
      await service.client.call('POST', '/account/password', {
        json: { current_password: PASSWORD, new_password: `${PASSWORD}!` },
        bearer: body.access as string,
      });
    },
  ],
  ['lost its session', ({ access }) => service.client.call('DELETE', '/account/sessions?all=true', { bearer: access })],
  ['had its account disabled', ({ username }) => sql('UPDATE users SET disabled_at = 1 WHERE username = ?', username)],
  ['had its account deleted', ({ username }) => sql('DELETE FROM users WHERE username = ?', username)],
  [
    'had its key retired',
    async ({ access }) => {
      const env = { ...TEST_ENV, ...service.store.env };
      await promisify(execFile)(process.execPath, [CLI, 'keys', 'retire', headerOf(access).kid], { env });
      // A replica uses the keys that it has read for a minute.
      service.clock.advance(61);
    },
  ],
];

describe.each(routes)('A token that %s has just accepted', (_, present) => {
  it.each(endings)('is refused everywhere once it %s', async (_, end) => {
    const account = await register(service.client);
    expect([await present(account.access), await present(account.access)]).toEqual([200, 200]);
    await end(account);
    expect(await everywhere(account.access)).toEqual([401, 401]);
  });

  it('is refused with any one character changed, and stays accepted', async () => {
    const { access } = await register(service.client);
    expect([await present(access), await present(access)]).toEqual([200, 200]);
    // Changes the last bit, which lenient decoders drop at the end of a part.
    const flipLastBit = (character: string) =>
      character === '.' ? '-' : (BASE64URL[BASE64URL.indexOf(character) ^ 1] ?? '');
    const changed = Array.from(
      access,
      (character, i) => access.slice(0, i) + flipLastBit(character) + access.slice(i + 1),
    );
    const accepted: string[] = [];
    for (const token of changed) if ((await everywhere(token)).some((status) => status !== 401)) accepted.push(token);
    expect(accepted).toEqual([]);
    expect(await everywhere(access)).toEqual([200, 200]);
  });

  it.each<[string, (token: string) => string]>([
    ['without its last character', (token) => token.slice(0, -1)],
    ['with one more', (token) => `${token}A`],
    ['padded', (token) => `${token}==`],
    ['without its signature', withoutSignature],
    ['in another case', (token) => token.toUpperCase()],
  ])('is refused %s', async (_, change) => {
    const { access } = await register(service.client);
    expect(await present(access)).toBe(200);
    expect(await everywhere(change(access))).toEqual([401, 401]);
  });

  it('is refused with the claims or the signature of another token', async () => {
    const accounts = [await register(service.client), await register(service.client)] as const;
    for (const { access } of accounts) expect(await present(access)).toBe(200);
    const [one, two] = accounts.map(({ access }) => access) as [string, string];
    for (const part of [CLAIMS, SIGNATURE])
      expect(await everywhere(withPart(one, part, partOf(two, part)))).toEqual([401, 401]);
  });
});
