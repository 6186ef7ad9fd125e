import { dictionary } from '@zxcvbn-ts/language-common';
import argon2 from 'argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PasswordPolicy } from '../src/auth/passwords/password-policy.js';
import { newName, PASSWORD, register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

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

describe('the hash of a password', () => {
  it('is argon2id at the configured cost', async () => {
    const { username } = await register(service.client);
    expect(await hashOf(service, username)).toMatch(/^\$argon2id\$v=19\$(?=\S*m=1024)(?=\S*t=1)(?=\S*p=1)/);
  });

  it('is made anew at the first login after the cost was raised, and never for a wrong password or a lower cost', async () => {
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

  it('takes as much work for an unknown, a disabled and a wrong-password account', async () => {
    // Large enough to be seen beside everything else that a request takes.
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

describe('a login with the right password', () => {
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

describe('a password', () => {
  it('is good for as long as its owner keeps it', async () => {
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
  it('refuse the 3,000 most common passwords that are long enough, in capitals too', () => {
    const common = dictionary['passwords-common'].filter((password) => password.length >= 8).slice(0, 3000);
    expect(common).toHaveLength(3000);
    const policy = service.app.get(PasswordPolicy);
    const refused = (password: string) => policy.problems(password).includes('this password is too common');
    expect(common.filter((password) => !refused(password) || !refused(password.toUpperCase()))).toEqual([]);
  });

  it('are what they are set to', async () => {
    const lenient = await startService({ env: { PASSWORD_BLOCKLIST: 'off', PASSWORD_MIN_LENGTH: '10' } });
    const attempt = (password: string) => lenient.client.post('/auth/register', { username: newName(), password });
    expect((await attempt('password123')).status).toBe(201);
    expect((await attempt('ninechars')).body).toEqual({ password: ['at least 10 characters are needed'] });
    await lenient.stop();
  });
});
