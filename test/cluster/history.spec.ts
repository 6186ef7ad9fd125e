import { describe, expect, it } from 'vitest';
import { type Operation, violationsOf } from './history.js';

/** Operations of one account and its session, each with its beginning, end and status. */
const signUp = (start: number, end: number, status = 201): Operation => ({
  kind: 'sign-up',
  name: 'a',
  start,
  end,
  status,
});
const login = (start: number, end: number, status = 200): Operation => ({
  kind: 'login',
  name: 'a',
  start,
  end,
  status,
});
const use = (start: number, end: number, status = 200): Operation => ({
  kind: 'use',
  session: 's',
  start,
  end,
  status,
});
const logout = (start: number, end: number, status = 204): Operation => ({
  kind: 'logout',
  session: 's',
  start,
  end,
  status,
});
const refresh = (start: number, end: number, spent: string, given?: string): Operation => ({
  ...{ kind: 'refresh', session: 's', start, end, spent, given },
  status: given ? 200 : 401,
});
const away = (operation: Operation): Operation => ({ ...operation, status: 503, retryAfter: true });

describe('violationsOf', () => {
  it.each<[string, Operation[]]>([
    ['nothing', []],
    ['a whole life', [signUp(0, 1), login(2, 3), use(2, 3), refresh(4, 5, 'r0', 'r1'), logout(6, 7), use(8, 9, 401)]],
    ['two sign-ups at once, one refused', [signUp(0, 5), signUp(1, 4, 409)]],
    ['a name refused for a sign-up that was not acknowledged', [away(signUp(0, 1)), signUp(2, 3, 409)]],
    ['a login refused while the account is made', [signUp(0, 5), login(1, 4, 401)]],
    ['a login refused after a sign-up that was not acknowledged', [away(signUp(0, 1)), login(2, 3, 401)]],
    ['a use while the logout is under way, either way', [logout(0, 5), use(1, 2, 401), use(3, 6)]],
    ['a use after a logout that was not acknowledged, either way', [away(logout(0, 1)), use(2, 3), use(4, 5, 401)]],
    ['one successor for several refreshes', [refresh(0, 5, 'r0', 'r1'), refresh(1, 6, 'r0', 'r1')]],
    [
      'a rotation that was not acknowledged and is made good',
      [away(refresh(0, 1, 'r0')), refresh(2, 3, 'r0', 'r1'), refresh(4, 5, 'r1', 'r2')],
    ],
    [
      'a replay, which ends the session',
      [refresh(0, 1, 'r0', 'r1'), refresh(2, 3, 'r1', 'r2'), refresh(4, 5, 'r0'), refresh(6, 7, 'r2'), use(8, 9, 401)],
    ],
    ['unavailability', [away(signUp(0, 1)), away(use(2, 3)), away(logout(4, 5)), away(login(6, 7))]],
  ])('finds nothing in %s', (_, history) => {
    expect(violationsOf(history)).toEqual([]);
  });

  it.each<[string, RegExp, Operation[]]>([
    ['an account that is made twice', /^one name given twice/, [signUp(0, 5), signUp(1, 4)]],
    ['a name refused that nobody asked for', /^refused a name that nobody had/, [signUp(0, 1, 409), signUp(2, 3)]],
    ['an account that is gone', /^account lost/, [signUp(0, 1), login(2, 3, 401)]],
    ['an access token after the logout', /^alive after its logout: use/, [logout(0, 1), use(2, 3)]],
    ['a refresh token after the logout', /^alive after its logout: refresh/, [logout(0, 1), refresh(2, 3, 'r0', 'r1')]],
    ['the second of two logouts acknowledged', /^alive after/, [away(logout(0, 1)), logout(2, 3), use(4, 5)]],
    ['a session that is gone', /^session lost: use/, [use(0, 1, 401)]],
    ['a session that is gone before its logout', /^session lost: use/, [use(0, 1, 401), logout(2, 3)]],
    ['a rotation that is gone', /^session lost: refresh/, [refresh(0, 1, 'r0', 'r1'), refresh(2, 3, 'r1')]],
    ['a lost answer that is not made good', /^session lost: refresh/, [away(refresh(0, 1, 'r0')), refresh(2, 3, 'r0')]],
    ['two successors of one token', /^two lineages/, [refresh(0, 5, 'r0', 'r1'), refresh(1, 6, 'r0', 'r2')]],
    ['an error', /^unfit answer/, [use(0, 1, 500)]],
    ['a refusal for no reason', /^unfit answer/, [login(0, 1, 429)]],
    ['503 without Retry-After', /^503 without/, [{ ...use(0, 1, 503), retryAfter: false }]],
    ['a request that hangs', /^no answer/, [{ ...use(0, 1), status: undefined }]],
  ])('finds %s', (_, expected, history) => {
    expect(violationsOf(history)).toEqual([expect.stringMatching(expected)]);
  });

  it('holds sessions and accounts apart', () => {
    const other: Operation = { kind: 'use', session: 't', start: 2, end: 3, status: 200 };
    const namesake: Operation = { kind: 'login', name: 'b', start: 2, end: 3, status: 401 };
    expect(violationsOf([signUp(0, 1), logout(0, 1), other, namesake])).toEqual([]);
  });
});
