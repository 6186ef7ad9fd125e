import { describe, expect, it } from 'vitest';
import type { TokenProblem } from '../platform/errors/token-problem.js';
import { endOf, isOfPresentEpoch, keptSessionOf } from './liveness.js';
import type { SessionOfUser, SessionState } from './session.entity.js';
import type { UserState } from './user.entity.js';

const NOW = 1_800_000_000_000;

const USER: UserState = {
  id: 'user',
  username: 'alice',
  passwordHash: '',
  sessionEpoch: 2,
  keptSessionId: null,
  keptEpoch: null,
  disabledAt: null,
};
const SESSION: SessionState = {
  id: 'session',
  userId: 'user',
  userEpoch: 2,
  refreshHash: '',
  refreshCounter: 0,
  refreshedAt: NOW - 1000,
  lastUsedAt: NOW - 1000,
  expiresAt: NOW + 1,
  endsAt: NOW + 1000,
  revokedAt: null,
  revokedReason: null,
};
const sessionOf = (session: Partial<SessionState>, user: Partial<UserState> = {}): SessionOfUser => ({
  ...SESSION,
  ...session,
  user: { ...USER, ...user },
});

describe('endOf', () => {
  it.each<[string, SessionOfUser | null, TokenProblem | undefined]>([
    ['a live session', sessionOf({}), undefined],
    ['a row that is gone', null, { code: 'revoked' }],
    ['a logout', sessionOf({ revokedAt: 1, revokedReason: 'logout' }), { code: 'revoked', by: 'logout' }],
    ['a replay', sessionOf({ revokedAt: 1, revokedReason: 'replay' }), { code: 'revoked', by: 'replay' }],
    ['its owner', sessionOf({ revokedAt: 1, revokedReason: 'owner' }), { code: 'revoked', by: 'owner' }],
    ['a client', sessionOf({ revokedAt: 1, revokedReason: 'client' }), { code: 'revoked', by: 'client' }],
    ['the limit', sessionOf({ revokedAt: 1, revokedReason: 'limit' }), { code: 'revoked', by: 'limit' }],
    ['a revocation without a reason', sessionOf({ revokedAt: 1 }), { code: 'revoked', by: 'logout' }],
    ['a revocation before its expiry', sessionOf({ revokedAt: 1, expiresAt: 0 }), { code: 'revoked', by: 'logout' }],
    ['a disabled account', sessionOf({}, { disabledAt: NOW }), { code: 'account_disabled' }],
    ['a later epoch', sessionOf({}, { sessionEpoch: 3 }), { code: 'revoked' }],
    [
      'a later epoch that kept it',
      sessionOf({}, { sessionEpoch: 3, keptSessionId: 'session', keptEpoch: 3 }),
      undefined,
    ],
    ['an epoch after', sessionOf({}, { sessionEpoch: 4, keptSessionId: 'session', keptEpoch: 3 }), { code: 'revoked' }],
    ['an expiry now', sessionOf({ expiresAt: NOW }), { code: 'expired', seconds: 0 }],
    ['an expiry of 999 ms ago', sessionOf({ expiresAt: NOW - 999 }), { code: 'expired', seconds: 0 }],
    ['an expiry of a second ago', sessionOf({ expiresAt: NOW - 1000 }), { code: 'expired', seconds: 1 }],
  ])('reads %s', (_, session, expected) => {
    expect(endOf(session, NOW)).toEqual(expected);
  });
});

describe('isOfPresentEpoch', () => {
  it.each<[string, Partial<SessionState>, Partial<UserState>, boolean]>([
    ['the same epoch', {}, {}, true],
    ['an earlier epoch', { userEpoch: 1 }, {}, false],
    ['a later epoch than the account’s', { userEpoch: 3 }, {}, false],
    ['the kept session', { userEpoch: 1 }, { keptSessionId: 'session', keptEpoch: 2 }, true],
    ['another kept session', { userEpoch: 1 }, { keptSessionId: 'another', keptEpoch: 2 }, false],
  ])('decides %s', (_, session, user, expected) => {
    const { user: account, ...state } = sessionOf(session, user);
    expect(isOfPresentEpoch(state, account)).toBe(expected);
  });
});

describe('keptSessionOf', () => {
  it.each<[string, Partial<UserState>, string | undefined]>([
    ['no session', {}, undefined],
    ['a session without its epoch', { keptSessionId: 'session' }, undefined],
    ['a session of the present epoch', { keptSessionId: 'session', keptEpoch: 2 }, 'session'],
    ['a session of an earlier epoch', { keptSessionId: 'session', keptEpoch: 1 }, undefined],
  ])('reads %s', (_, user, expected) => {
    expect(keptSessionOf({ ...USER, ...user })).toBe(expected);
  });
});
