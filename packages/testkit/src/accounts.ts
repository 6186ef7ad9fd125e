import { randomBytes, randomUUID } from 'node:crypto';
import type { Origin } from '../../../src/events/origin.js';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { timeOrderedIds } from '../../../src/platform/clock/time-ordered-ids.js';
import { EntityColumns } from '../../../src/platform/database/entity-columns.js';
import { isUniqueViolation } from '../../../src/platform/database/store-errors.js';
import { FailureError } from '../../../src/platform/errors/failure.error.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { nameProblems, normalizeNames } from '../../../src/users/account-names.js';
import { User } from '../../../src/users/user.entity.js';
import type { AccountInput } from './client/latchkey.js';
import type { Tenant } from './tenant.js';

/** An account that was made, with what a test needs to log in. */
export interface MadeAccount {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly password?: string;
  readonly access?: string;
  readonly refresh?: string;
}

const COLUMNS = new EntityColumns(User, [
  'id',
  'username',
  'usernameKey',
  'email',
  'emailKey',
  'firstName',
  'lastName',
  'passwordHash',
  'sessionEpoch',
  'keptSessionId',
  'keptEpoch',
  'createdAt',
  'disabledAt',
]);

const newId = timeOrderedIds();

/** Rows of one statement. SQLite takes 32,766 values. */
const ROWS = 500;

/** The password of accounts that are made without one. */
const PASSWORD = `testkit ${randomBytes(9).toString('base64url')}`;

/** Where the sessions of minted tokens come from. */
export const ORIGIN: Origin = {
  userAgent: 'latchkey-testkit',
  address: '127.0.0.1',
  contract: 'testkit',
  requestId: '',
};

/**
 * Makes accounts, all or none, without the work of a sign-up: names are checked, passwords are not.
 * @param options `tokens`: opens a session for each account
 * @throws FailureError `invalid_fields`, `user_exists`
 */
export async function makeAccounts(
  tenant: Tenant,
  requests: readonly AccountInput[],
  { tokens = false } = {},
): Promise<MadeAccount[]> {
  const hasher = tenant.get(PasswordHasher);
  const now = tenant.clock.now();
  const rows: User[] = [];
  for (const request of requests) {
    const { username = uniqueName(), email, first_name: firstName = '', last_name: lastName = '' } = request;
    const names = normalizeNames({ username, ...(email !== undefined && { email }), firstName, lastName });
    const fields = nameProblems(names);
    if (Object.keys(fields).length > 0) throw new FailureError({ code: 'invalid_fields', fields });
    rows.push({
      ...names,
      id: request.id ?? newId(now),
      passwordHash: request.password_hash ?? (await hasher.hash(request.password ?? PASSWORD)),
      ...{ sessionEpoch: 0, keptSessionId: null, keptEpoch: null },
      createdAt: now,
      disabledAt: request.disabled === true ? now : null,
    });
  }
  insert(tenant, rows);
  const sessions = tenant.get(SessionsService);
  return Promise.all(
    rows.map(async ({ id, username, email, sessionEpoch }, i) => ({
      ...{ id, username, email },
      ...(requests[i]?.password_hash === undefined && { password: requests[i]?.password ?? PASSWORD }),
      ...(tokens && (await sessions.create({ id, sessionEpoch }, ORIGIN)).tokens),
    })),
  );
}

function insert(tenant: Tenant, rows: readonly User[]): void {
  try {
    tenant.store.writeTogether((database) => {
      for (let i = 0; i < rows.length; i += ROWS) {
        const some = rows.slice(i, i + ROWS);
        const sql = `INSERT INTO users ${COLUMNS.insertion}${`, ${COLUMNS.places}`.repeat(some.length - 1)}`;
        database.prepare(sql).run(...some.flatMap((row) => COLUMNS.valuesOf(row)));
      }
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new FailureError({ code: 'user_exists' }, { cause: error });
    throw error;
  }
}

function uniqueName(): string {
  return `user-${randomUUID().slice(0, 13)}`;
}
