import { describe, expect, it } from 'vitest';
import { type Operation, violationsOf } from './history.js';

/** Returns an operation of one account or its session, with its start, end and status. */
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
const refresh = (start: number, end: number, presented: string, issued?: string): Operation => ({
  ...{ kind: 'refresh', session: 's', start, end, presented, issued },
  status: issued ? 200 : 401,
});
/** Turns an operation into one that was answered 503. */
const unavailable = (operation: Operation): Operation => ({ ...operation, status: 503, retryAfter: true });

describe('violationsOf', () => {
  it.each<[string, Operation[]]>([
    ['nothing', []],
    [
      'a complete session',
      [signUp(0, 1), login(2, 3), use(2, 3), refresh(4, 5, 'r0', 'r1'), logout(6, 7), use(8, 9, 401)],
    ],
    ['two concurrent sign-ups, one of them refused', [signUp(0, 5), signUp(1, 4, 409)]],
    ['a name refused after an unacknowledged sign-up', [unavailable(signUp(0, 1)), signUp(2, 3, 409)]],
    ['a login refused during the sign-up', [signUp(0, 5), login(1, 4, 401)]],
    ['a login refused after an unacknowledged sign-up', [unavailable(signUp(0, 1)), login(2, 3, 401)]],
    ['uses accepted and refused during the logout', [logout(0, 5), use(1, 2, 401), use(3, 6)]],
    [
      'uses accepted and refused after an unacknowledged logout',
      [unavailable(logout(0, 1)), use(2, 3), use(4, 5, 401)],
    ],
    ['one successor for several refreshes', [refresh(0, 5, 'r0', 'r1'), refresh(1, 6, 'r0', 'r1')]],
    [
      'an unacknowledged rotation that is repeated',
      [unavailable(refresh(0, 1, 'r0')), refresh(2, 3, 'r0', 'r1'), refresh(4, 5, 'r1', 'r2')],
    ],
    [
      'a replay that ends the session',
      [refresh(0, 1, 'r0', 'r1'), refresh(2, 3, 'r1', 'r2'), refresh(4, 5, 'r0'), refresh(6, 7, 'r2'), use(8, 9, 401)],
    ],
    ['unavailability', [signUp(0, 1), use(2, 3), logout(4, 5), login(6, 7)].map(unavailable)],
  ])('finds nothing in %s', (_, history) => {
    expect(violationsOf(history)).toEqual([]);
  });

  it.each<[string, RegExp, Operation[]]>([
    ['an account that is created twice', /^one name given twice/, [signUp(0, 5), signUp(1, 4)]],
    ['a free name that is refused', /^refused a free name/, [signUp(0, 1, 409), signUp(2, 3)]],
    ['a lost account', /^account lost/, [signUp(0, 1), login(2, 3, 401)]],
    ['an access token after the logout', /^alive after its logout: use/, [logout(0, 1), use(2, 3)]],
    ['a refresh token after the logout', /^alive after its logout: refresh/, [logout(0, 1), refresh(2, 3, 'r0', 'r1')]],
    ['a token alive after the second logout', /^alive after/, [unavailable(logout(0, 1)), logout(2, 3), use(4, 5)]],
    ['a lost session', /^session lost: use/, [use(0, 1, 401)]],
    ['a session that is lost before its logout', /^session lost: use/, [use(0, 1, 401), logout(2, 3)]],
    ['a lost rotation', /^session lost: refresh/, [refresh(0, 1, 'r0', 'r1'), refresh(2, 3, 'r1')]],
    [
      'a lost answer that is not repeated',
      /^session lost: refresh/,
      [unavailable(refresh(0, 1, 'r0')), refresh(2, 3, 'r0')],
    ],
    ['two successors of one token', /^two lineages/, [refresh(0, 5, 'r0', 'r1'), refresh(1, 6, 'r0', 'r2')]],
    ['an error', /^invalid answer/, [use(0, 1, 500)]],
    ['a refusal without reason', /^invalid answer/, [login(0, 1, 429)]],
    ['503 without Retry-After', /^503 without/, [{ ...use(0, 1, 503), retryAfter: false }]],
    ['a request that hangs', /^no answer/, [{ ...use(0, 1), status: undefined }]],
  ])('finds %s', (_, expected, history) => {
    expect(violationsOf(history)).toEqual([expect.stringMatching(expected)]);
  });

  it('keeps sessions and accounts apart', () => {
    const other: Operation = { kind: 'use', session: 't', start: 2, end: 3, status: 200 };
    const namesake: Operation = { kind: 'login', name: 'b', start: 2, end: 3, status: 401 };
    expect(violationsOf([signUp(0, 1), logout(0, 1), other, namesake])).toEqual([]);
  });
});
