import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { register } from '../support/accounts.js';
import { replicasOfFile, WINDOW } from './replicas.js';

const replicas = replicasOfFile();
const { refresh, getUser, challengeOf } = replicas;

describe('The reason of a refused token', () => {
  const reason = (description: string) => `Bearer error="invalid_token", error_description="${description}"`;

  it('is given for tokens that this service signed', async () => {
    const loggedOut = await register(replicas.one.client);
    await replicas.one.client.delete('/user/login', {
      access_token: loggedOut.access,
      refresh_token: loggedOut.refresh,
    });
    expect(await challengeOf(loggedOut.access)).toBe(reason('revoked by logout'));

    const replayed = await register(replicas.one.client);
    await refresh(replayed.refresh);
    replicas.one.clock.advance(WINDOW);
    await refresh(replayed.refresh);
    expect(await challengeOf(replayed.access)).toBe(reason('revoked by replay'));

    const disabled = await register(replicas.one.client);
    await replicas.one.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [disabled.username]);
    expect(await challengeOf(disabled.access)).toBe(reason('account disabled'));

    const ended = await register(replicas.one.client);
    await replicas.one.client.call('DELETE', '/account/sessions?all=true', { bearer: ended.access });
    expect(await challengeOf(ended.access)).toBe(reason('revoked'));

    const expired = await register(replicas.one.client);
    replicas.one.clock.advance(1000);
    expect(await challengeOf(expired.access)).toMatch(
      /^Bearer error="invalid_token", error_description="expired 10[01] seconds ago"$/,
    );
  });

  it('is not given for any other token, and the body stays as the contract prints it', async () => {
    const { access } = await register(replicas.one.client);
    const forged = `${access.slice(0, -4)}AAAA`;
    for (const token of ['x', forged]) expect(await challengeOf(token)).toBe('Bearer error="invalid_token"');
    const reply = await replicas.one.client.post('/auth/token/verify', { token: forged });
    expect(reply.text).toBe('{"detail":"token is invalid or expired","code":"token_not_valid"}');
  });
});

describe('Disabling by the statement of docs/guides/disable-an-account.md', () => {
  it('keeps sessions dead when the account is enabled again', async () => {
    const account = await register(replicas.one.client);
    for (let i = 0; i < 2; i++)
      await replicas.one.client.call('DELETE', '/account/sessions?scope=others', { bearer: account.access });
    const text = await readFile(new URL('../../docs/guides/disable-an-account.md', import.meta.url), 'utf8');
    const statement = /UPDATE users SET disabled_at = .*;/.exec(text)![0].replace("'alice'", '?').replace(';', '');
    const spoken = replicas.one.store.isMySql ? statement : statement.replace('UNIX_TIMESTAMP()', 'unixepoch()');
    await replicas.one.dataSource.query(spoken, [account.username]);
    expect((await getUser(account.access)).status).toBe(401);
    await replicas.one.dataSource.query('UPDATE users SET disabled_at = NULL WHERE username = ?', [account.username]);
    expect((await getUser(account.access)).status).toBe(401);
    expect((await refresh(account.refresh)).status).toBe(401);
  });
});
