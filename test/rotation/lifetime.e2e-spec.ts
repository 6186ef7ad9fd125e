import { describe, expect, it } from 'vitest';
import { register } from '../support/accounts.js';
import { startService } from '../support/service.js';
import { claimsOf } from '../support/tokens.js';
import { replicasOfFile } from './replicas.js';

const replicas = replicasOfFile();
const { refresh } = replicas;

describe('A session near its end', () => {
  it('makes its refresh token and its access token end with it', async () => {
    const short = await replicas.startWith({
      ACCESS_TOKEN_TTL: '60',
      REFRESH_TOKEN_TTL: '600',
      SESSION_MAX_AGE: '660',
    });
    const expOf = (token: string) => claimsOf(token).exp;
    const opened = short.clock.now();
    const after = (seconds: number) => Math.floor(opened / 1000) + seconds;
    const { refresh: parent } = await register(short.client);
    expect(expOf(parent)).toBe(after(600));

    const rotations = [
      { at: 30, refresh: 630, access: 90 },
      { at: 60, refresh: 660, access: 120 },
      { at: 61, refresh: 660, access: 121 },
      { at: 620, refresh: 660, access: 660 },
    ];
    let last = { refresh: parent, access: '' };
    for (const expected of rotations) {
      short.clock.advance(expected.at - (short.clock.now() - opened) / 1000);
      const next = await refresh(last.refresh, short);
      expect([next.status, expOf(next.refresh), expOf(next.access)]).toEqual([
        200,
        after(expected.refresh),
        after(expected.access),
      ]);
      expect(await refresh(last.refresh, short)).toMatchObject({ status: 200, refresh: next.refresh });
      last = next;
    }
    short.clock.advance(39);
    expect((await short.client.get('/auth/getuser', last.access)).status).toBe(200);
    short.clock.advance(1);
    expect((await short.client.get('/auth/getuser', last.access)).status).toBe(401);
    expect((await refresh(last.refresh, short)).status).toBe(401);
    await short.stop();
  });
});

describe('Dates past 2038', () => {
  it('work from login to logout', async () => {
    const far = await startService();
    far.clock.advance(80 * 365 * 24 * 3600);
    const { access, refresh: token } = await register(far.client);
    const rotated = await refresh(token, far);
    expect(rotated.status).toBe(200);
    expect((await far.client.get('/auth/getuser', rotated.access)).status).toBe(200);
    expect(
      (await far.client.delete('/user/login', { access_token: access, refresh_token: rotated.refresh })).status,
    ).toBe(204);
    await far.stop();
  });
});
